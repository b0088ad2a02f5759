/** How a session's cookie is set. */
export function signIn(response, session) {
  response.cookie("__Host-session", session, {
    path: "/", secure: true, httpOnly: true, sameSite: "lax",
  });
}
