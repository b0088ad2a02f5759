// Makes the cookies of cases/identity/signed-express.case by the package itself:
//
//     npm install cookie-session@2.1.1
//     node express.js
//
// Each line is a name, the cookie and its signature.
const session = require("cookie-session");
const http = require("http");

const SECRET = "a secret of the cases' frameworks, of no use elsewhere";
const OLD = "the secret that the cases' frameworks had before";

function make(name, value, keys = [SECRET], cookie = "session") {
  const request = { headers: {}, connection: {} };
  const response = new http.ServerResponse(request);
  session({ name: cookie, keys })(request, response, () => {
    request.session = value;
    response.writeHead(200);
    const lines = response.getHeader("set-cookie") || [];
    console.log(name, ...lines.map((line) => line.split(";")[0]));
  });
}

const START = 1767225600;
make("number", { user_id: 42 });
make("text", { user_id: "ann", roles: ["admin"] });
make("slash", { user_id: "ann", note: "??>>~~" });
make("anonymous", { cart: [7] });
make("late", { user_id: "eve" });
make("old", { user_id: 42 }, [OLD]);
make("stranger", { user_id: 42 }, ["somebody else's secret of some length"]);
make("elsewhere", { user_id: 42 }, [SECRET], "other");
make("now", { user_id: 42, at: START });
make("milliseconds", { user_id: 42, at: START * 1000 });
make("over", { user_id: 42, at: START - 14 * 86400 - 1 });
make("ends", { user_id: 42, at: START - 14 * 86400 });
make("future", { user_id: 42, at: START + 31 });
make("timeless", { user_id: 42, at: "soon" });
