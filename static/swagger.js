"use strict";

// Requests with the session cookie of a signed-in user need Django's CSRF token, unless they only read.
const withCsrfToken = (request) => {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]*)/);
  const sameOrigin = new URL(request.url, document.baseURI).origin === location.origin;
  if (cookie && sameOrigin && !["GET", "HEAD"].includes(request.method ?? "GET")) {
    request.headers["X-CSRFToken"] = cookie[1];
  }
  return request;
};

SwaggerUIBundle({
  domNode: document.getElementById("swagger-ui"),
  url: document.getElementById("swagger-ui").dataset.schema,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  persistAuthorization: false,
  requestInterceptor: withCsrfToken,
});
