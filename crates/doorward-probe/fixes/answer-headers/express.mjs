/** In every answer. */
export function mend(app) {
  app.use((request, response, next) => {
    response.set({
      "X-Content-Type-Options": "nosniff",
      "Cross-Origin-Resource-Policy": "same-site",
      "Content-Security-Policy": "frame-ancestors 'none'",
    });
    next();
  });
}
