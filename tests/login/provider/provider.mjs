// A certified OpenID provider for the tests: logs in whoever is named, with as many factors as are said.
// usage: node provider.mjs PORT  (people as JSON on standard input: {"name": {claims}})
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const port = Number(process.argv[2]);
const { people, client } = JSON.parse(readFileSync(0, "utf-8"));
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [client],
  claims: { openid: ["sub", "amr", "acr"], email: ["email", "email_verified"], profile: ["name", "preferred_username", "groups", "roles"] },
  acrValues: ["https://refeds.org/profile/mfa"],
  conformIdTokenClaims: false,
  cookies: { keys: ["only for tests"] },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  findAccount: (_ctx, id) => (people[id] ? { accountId: id, claims: () => ({ sub: id, ...people[id] }) } : undefined),
  async loadExistingGrant(ctx) {
    const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid email profile");
    await grant.save();
    return grant;
  },
});

async function body(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
}

async function interact(request, response) {
  if (request.method === "GET") {
    response.setHeader("content-type", "text/html");
    response.end('<form method="post"><input name="login"><input name="amr"><input name="acr"><button>Log in</button></form>');
    return;
  }
  const form = await body(request);
  const login = { accountId: form.get("login"), amr: (form.get("amr") || "pwd").split(" ") };
  if (form.get("acr")) login.acr = form.get("acr");
  await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
}

const answer = provider.callback();
createServer((request, response) => {
  if (request.url.startsWith("/interaction/")) {
    interact(request, response).catch((error) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  } else answer(request, response);
}).listen(port, "127.0.0.1", () => console.log("listening"));
