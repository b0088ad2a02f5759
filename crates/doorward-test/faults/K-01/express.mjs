export function signIn(response, session) {
  response.cookie("session", session);
}
