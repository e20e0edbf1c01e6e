"use strict";

// A signed-in person's session writes too: send the token that Django asks for with it.
const withCsrfToken = (request) => {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]*)/);
  const here = new URL(request.url, document.baseURI).origin === location.origin;
  if (cookie && here && !["GET", "HEAD"].includes(request.method ?? "GET")) {
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
