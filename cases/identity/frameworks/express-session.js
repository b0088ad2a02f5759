// Makes the cookies of cases/identity/record-*.case by the package itself:
//
//     npm install express-session@1.19.0
//     node express-session.js
//
// Each line is a name and the cookie.
const session = require("express-session");
const http = require("http");

const SECRET = "a secret of the cases' frameworks, of no use elsewhere";
const OLD = "the secret that the cases' frameworks had before";

function make(name, id, secret = SECRET) {
  const request = { headers: {}, url: "/", originalUrl: "/", connection: {} };
  const response = new http.ServerResponse(request);
  const store = new session.MemoryStore();
  const one = session({ secret, store, genid: () => id, resave: false, saveUninitialized: true });
  one(request, response, () => {
    response.writeHead(200);
    console.log(name, response.getHeader("set-cookie")[0].split(";")[0]);
  });
}

make("ann", "0123456789abcdefghijklmnopqrstuv");
make("bob", "tW3-nQ_8rZ.uY~5xV:1aB2cD3eF4gH5i");
make("old", "0123456789abcdefghijklmnopqrstuv", OLD);
make("stranger", "0123456789abcdefghijklmnopqrstuv", "somebody else's secret of some length");
make("star", "0123456789abcdef*");
make("blank", "0123456789 abcdef");
make("brace", "0123456789abcdef{a}");
make("line", "0123456789abcdef\r\nDEL a");
make("short", "0123456");
make("long", "a".repeat(256));
make("longer", "a".repeat(257));
