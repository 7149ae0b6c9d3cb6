#include "apps/watch/decision_server.h"

#include "services/telemetry/stamp.h"

namespace hikyaku::apps {
namespace {

using refusals::Decision;
using refusals::DecisionReply;

constexpr Duration most_time = 8s;
// Nothing of it is kept, framed, indexed, or told to where a reader goes next; the page runs and loads nothing.
constexpr std::string_view careful =
    "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Robots-Tag: noindex\r\nX-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'\r\n";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else if (c == '\'') out += "&#39;";
    else out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return out;
}

struct Words {
  std::string_view english, japanese;
};

std::string status_of(const DecisionReply& reply) {
  switch (reply.state) {
    case DecisionReply::State::Open:
    case DecisionReply::State::Decided: return "200 OK";
    case DecisionReply::State::Expired: return "410 Gone";
    case DecisionReply::State::Forged: return "404 Not Found";
    case DecisionReply::State::Trouble: break;
  }
  return "503 Service Unavailable";
}

Words words_of(const DecisionReply& reply) {
  switch (reply.state) {
    case DecisionReply::State::Open: return {"This sender was put off. Let its mail in from now on, or refuse it?", "この送信者は保留されました。今後は通しますか、拒否しますか。"};
    case DecisionReply::State::Decided:
      return reply.decision == Decision::Deny ? Words{"Decided: mail from this network is refused from now on.", "決定: 今後このネットワークからのメールを拒否します。"}
                                              : Words{"Decided: mail from this network is let in from now on.", "決定: 今後このネットワークからのメールを通します。"};
    case DecisionReply::State::Expired: return {"This link is too old. Use hikyaku refusals list.", "このリンクは期限切れです。hikyaku refusals list を使ってください。"};
    case DecisionReply::State::Forged: return {"There is nothing here.", "ここには何もありません。"};
    case DecisionReply::State::Trouble: break;
  }
  return {"The server cannot answer just now; try again later.", "現在応答できません。後でもう一度お試しください。"};
}

}  // namespace

std::string link_of(std::string_view target) {
  target = target.substr(0, target.find('?'));
  const auto slash = target.rfind('/');
  if (slash == std::string_view::npos) return {};
  const auto link = target.substr(slash + 1);
  const bool sound = link.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == std::string_view::npos;
  return sound ? std::string(link) : std::string{};
}

std::optional<Decision> decision_of(std::string_view body) {
  constexpr std::string_view field = "decision=";
  if (!body.starts_with(field)) return std::nullopt;
  return refusals::parse_decision(body.substr(field.size()));
}

std::string decision_page(const DecisionReply& reply, PageLanguage language) {
  const bool japanese = language == PageLanguage::Japanese;
  const auto say = [japanese](Words words) { return std::string(japanese ? words.japanese : words.english); };
  const auto words = say(words_of(reply));
  std::string page = "<!doctype html><html lang=\"" + std::string(japanese ? "ja" : "en") + "\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Hikyaku</title>"
                     "<style>body{font:16px sans-serif;max-width:40em;margin:2em auto;padding:0 1em}dt{color:#555}button{font-size:1em;padding:.5em 1.5em;margin-right:1em}</style><h1>Hikyaku</h1><p>" + words + "</p>";
  const bool about = reply.state == DecisionReply::State::Open || reply.state == DecisionReply::State::Decided;
  if (about) {
    const auto sender = reply.subject.sender.empty() ? std::string("<>") : reply.subject.sender;
    page += "<dl><dt>" + say({"network", "ネットワーク"}) + "</dt><dd>" + escaped(reply.subject.network) + "</dd><dt>" + say({"sender", "送信者"}) + "</dt><dd>" + escaped(sender) + "</dd><dt>" +
            say({"recipient", "宛先"}) + "</dt><dd>" + escaped(reply.subject.recipient) + "</dd></dl>";
  }
  if (reply.state == DecisionReply::State::Open)
    page += "<form method=\"post\"><button name=\"decision\" value=\"allow\">" + say({"Let in", "通す"}) + "</button><button name=\"decision\" value=\"deny\">" + say({"Refuse", "拒否する"}) + "</button></form>";
  return page + "</html>\n";
}

DecisionServer::DecisionServer(Service& service, io::Loop& loop)
    : service_(service), loop_(loop), deliver_(loop, io::SocketAddress::unix_path(service.path("run/deliver-refusals.sock"))),
      pages_(service, loop, "decisions", [this](PageRequest request) { return answer(std::move(request)); }) {}

Task<std::string> DecisionServer::answer(PageRequest request) {
  const auto& method = request.head.method;
  if (method != "GET" && method != "HEAD" && method != "POST") co_return http_answer("405 Method Not Allowed", "text/plain", "Only GET and POST are answered.\n", "Allow: GET, POST\r\n");
  refusals::DecisionRequest asked{link_of(request.head.target), {}};
  if (method == "POST") {
    asked.decision = decision_of(request.body);
    if (!asked.decision) co_return http_answer("400 Bad Request", "text/plain", "The form says neither allow nor deny.\n", careful);
  }
  DecisionReply reply;
  if (!asked.link.empty()) {
    io::Message message{encode(asked), {}};
    auto asking = deliver_.request(std::move(message), loop_.after(most_time));
    const auto answered = co_await std::move(asking);
    const auto understood = answered ? refusals::decode_decision_reply(answered->octets) : std::nullopt;
    reply = understood.value_or(DecisionReply{.state = DecisionReply::State::Trouble});
  }
  const bool japanese = service_.settings()->alarm.language() == "japanese";
  auto text = http_answer(status_of(reply), "text/html; charset=utf-8", decision_page(reply, japanese ? PageLanguage::Japanese : PageLanguage::English), careful);
  if (method == "HEAD") text.resize(text.find("\r\n\r\n") + 4);
  co_return text;
}

}  // namespace hikyaku::apps
