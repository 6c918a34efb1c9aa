// Serves dist/ on 127.0.0.1: on port 8080 or, when that is taken, on one that is free.
//
// The middleware `sirv` knows wasm's media type and the page's folders; Node is there because building
// the page needs it. `python3 -m http.server` would be one tool more, and stops when its port is taken.
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import sirv from "sirv";

const dist = fileURLToPath(new URL("../dist", import.meta.url));

/** Serves dist/ and resolves to { url, close }. Port 0 is any free one. */
export async function serve(port = 0) {
  const files = sirv(dist, { dev: true });
  const server = createServer((request, response) => {
    files(request, response, () => response.writeHead(404).end());
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const close = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${server.address().port}/`, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = Number(process.env.PORT ?? 8080);
  const { url } = await serve(wanted).catch((error) => {
    if (error.code !== "EADDRINUSE") throw error;
    return serve(0);
  });
  console.log(`\n  Highwater runs at ${url}   (Ctrl+C ends it)\n`);
}
