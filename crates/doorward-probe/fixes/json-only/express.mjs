/** Other types are what forms send, and what scripts may send without asking. */
export function mend(app) {
  app.use((request, response, next) => {
    const hasBody = ["POST", "PUT", "PATCH"].includes(request.method);
    if (!hasBody || request.is("application/json")) return next();
    return response.status(415).json({ error: "application/json alone" });
  });
}
