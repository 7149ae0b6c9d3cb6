#include "apps/cli/log/forms.h"

#include <algorithm>
#include <array>

#include "services/telemetry/events.h"

namespace hikyaku::cli {

namespace {

namespace events = telemetry::events;

// "[30/Nov/2026:08:20:44]" of "2026-11-30T08:20:44.123456+09:00"
std::string epost_time(const std::string& stamp) {
  static constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (stamp.size() < 19) return "[]";
  const int month = (stamp[5] - '0') * 10 + (stamp[6] - '0');
  if (month < 1 || month > 12) return "[]";
  return "[" + stamp.substr(8, 2) + "/" + std::string(months[static_cast<std::size_t>(month - 1)]) + "/" + stamp.substr(0, 4) + ":" + stamp.substr(11, 8) + "]";
}

struct EpostLine {
  const JsonView& line;
  const std::string& host;

  [[nodiscard]] std::string time() const { return epost_time(line.text("time")); }
  [[nodiscard]] std::string text(std::string_view key, std::string_view otherwise = "-") const {
    auto value = line.text(key);
    return value.empty() ? std::string(otherwise) : value;
  }
  [[nodiscard]] std::string id() const { return text("message") + "@" + host; }
  // The port that the client came to, by what its kind usually is; log --json has the client's own.
  [[nodiscard]] std::string port() const {
    const auto listener = line.text("listener");
    return listener == "submission" ? "587" : listener == "submissions" ? "465" : listener == "lmtp" ? "24" : "25";
  }
  // What operators did is no trouble of the destination.
  [[nodiscard]] std::string cause_of_failure() const {
    return text("reply", line.text("by").empty() ? "Unable to deliver to destination domain" : line.text("reason"));
  }
  [[nodiscard]] std::string domain() const {
    const auto recipient = line.text("recipient");
    if (const auto at = recipient.rfind('@'); at != std::string::npos) return recipient.substr(at + 1);
    const auto destination = line.text("destination");
    return destination.empty() ? text("next_hop") : destination.substr(destination.find(':') + 1);
  }

  [[nodiscard]] std::string accept_begin() const { return time() + ", (" + host + "), [" + text("client") + "]:" + port() + ", Client accept now."; }
  [[nodiscard]] std::string accept_end(std::string_view verdict) const {
    return time() + ", (" + host + "), " + text("helo") + " [" + text("client") + "], " + text("sender") + ",<" + text("message", "") + ">," + std::string(verdict);
  }
  [[nodiscard]] std::string in() const {
    return "<" + id() + "> " + time() + "  " + text("client") + " " + text("helo") + " " + text("sender") + " " + text("recipient");
  }
  [[nodiscard]] std::string out(std::string_view what) const { return id() + " " + std::string(what) + " on " + time() + " from " + text("sender") + " to " + text("recipient"); }
  [[nodiscard]] std::string fail() const { return out("send fail") + " [" + cause_of_failure() + "]"; }
  // -Rnnnn: the n-th retry, so the first attempt has none.
  [[nodiscard]] std::string attempt() const {
    std::string retry;
    if (const auto attempt = line.number("attempt"); attempt > 1) {
      const std::string number = std::to_string(attempt - 1);
      retry = "-R" + std::string(number.size() < 4 ? 4 - number.size() : 0, '0') + number;
    }
    return "[" + text("message") + retry + "] [" + domain() + "] " + time() + " ";
  }
  [[nodiscard]] std::string sender(std::string_view what) const { return attempt() + std::string(what) + " " + text("recipient") + " " + text("reply", line.text("reason")); }
  [[nodiscard]] std::string reading(std::string_view what) const { return time() + " [" + text("client") + "] " + text("account") + " " + std::string(what); }
};

}  // namespace

std::optional<std::string> epost_form(const JsonView& line, const std::string& host) {
  const EpostLine form{line, host};
  const std::string event = line.text("event");
  if (event == events::connection_opened.name) return form.accept_begin();
  if (event == events::transaction_ok.name) return form.accept_end("ok");
  if (event == events::transaction_aborted.name || event == events::connection_refused.name) return form.accept_end("abort");
  if (event == events::mail_accepted.name || event == events::mail_generated.name) return form.in();
  if (event == events::mail_sent.name) return form.out("send ok") + " [" + form.text("reply") + "]";
  if (event == events::mail_delivered.name) return form.out("delivered");
  if (event == events::mail_failed.name) return form.fail();
  if (event == events::delivery_deferred.name) return form.sender("deferred");
  if (event == events::sender_said.name) return form.attempt() + line.text("text");
  if (event == events::command_refused.name || event == events::recipient_refused.name || event == events::mail_refused.name || event == events::mail_postponed.name)
    return form.time() + " [" + form.text("client") + "] " + form.text("sender") + " " + form.text("recipient") + " " + form.text("reply");
  if (event == events::receive_said.name) return form.time() + " [" + form.text("client") + "] " + line.text("text");
  if (event == events::pop3_login.name || event == events::imap_login.name) return form.reading("login");
  if (event == events::pop3_login_failed.name || event == events::imap_login_failed.name) return form.reading("login failed");
  if (event == events::pop3_command.name || event == events::imap_command.name) return form.reading(line.text("command"));
  if (event == events::pop3_closed.name || event == events::imap_closed.name) return form.reading("closed");
  return std::nullopt;
}

bool tells_of(const JsonView& line, std::string_view wanted) {
  static constexpr std::array<std::string_view, 6> passed_over = {"time", "level", "service", "accepted_at", "since", "next_try"};
  return std::ranges::any_of(line.named_texts(), [&](const auto& one) {
    return std::ranges::find(passed_over, one.first) == passed_over.end() && one.second.find(wanted) != std::string::npos;
  });
}

std::string human_form(const JsonView& line, Language language) {
  const std::string time = line.text("time");
  std::string out = time.size() < 19 ? time : time.substr(0, 10) + " " + time.substr(11, 8);
  const auto* event = telemetry::find_event(line.text("event"));
  const std::string level = line.text("level");
  out += " " + line.text("service") + " " + (level == "info" ? "" : level + ": ");
  out += event == nullptr ? line.text("event") : std::string(language == Language::Japanese ? event->sentence_ja : event->sentence);
  for (const auto key : {"message", "parent", "sender", "recipient", "original_recipient", "account", "client", "client_name", "helo", "listener", "destination", "next_hop", "command",
                         "reply", "next_try", "by", "about", "text", "rule", "mode", "reason"})
    if (const std::string value = line.text(key); !value.empty()) out += std::string(" ") + key + "=" + (value.find(' ') == std::string::npos ? value : "\"" + value + "\"");
  if (!line.text("since").empty() && !line.has("spent_ms")) out += " since=" + line.text("since");  // of an attempt: where `spent` begins
  for (const auto key : {"octets", "count", "attempt"})
    if (line.has(key)) out += std::string(" ") + key + "=" + std::to_string(line.number(key));
  if (line.has("took_ms")) out += " took=" + std::to_string(static_cast<std::uint64_t>(line.real("took_ms"))) + "ms";
  return out;
}

}  // namespace hikyaku::cli
