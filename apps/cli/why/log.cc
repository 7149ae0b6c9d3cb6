#include "apps/cli/why/log.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "apps/cli/log/files.h"
#include "base/cursor.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

using delivery::CauseClock;

constexpr std::array<std::string_view, 6> told_events{"delivery.deferred", "delivery.held", "mail.sent", "mail.delivered", "mail.failed", "mail.expanded"};

bool is_told(std::string_view line) {
  return std::ranges::any_of(told_events, [&](auto name) { return line.find("\"event\":\"" + std::string(name) + "\"") != std::string_view::npos; });
}

std::optional<CauseClock> stretch_of(const JsonView& line) {
  auto since = telemetry::parse_stamp(line.text("since"));
  if (!since) since = telemetry::parse_stamp(line.text("accepted_at"));
  if (!since || !line.has("spent_ms")) return std::nullopt;
  const auto spent = line.at("spent_ms");
  std::array<CauseClock::Micros, delivery::causes> parts{};
  for (std::size_t n = 0; n < delivery::causes; ++n)
    parts[n] = CauseClock::Micros{std::llround(spent.real(delivery::cause_name(static_cast<delivery::Cause>(n))) * 1'000)};
  return CauseClock::of_parts(*since, parts, delivery::Cause::Schedule);
}

void take(LoggedRecipient& into, const JsonView& line, WallTime when) {
  into.event = line.text("event"), into.at = when, into.by = line.text("by");
  into.sender = line.text("sender"), into.destination = line.text("destination"), into.next_hop = line.text("next_hop");
  into.reply = line.text("reply").empty() ? line.text("reason") : line.text("reply");
  if (!line.text("by").empty()) into.reply = line.text("reason") + " " + line.text("by") + (line.text("reply").empty() ? "" : ": " + line.text("reply"));
  into.copies = line.number("count") > 0 ? static_cast<std::uint64_t>(line.number("count")) : 0;
  into.failure_class = line.text("class");
  if (const auto attempt = line.number("attempt"); attempt > 0) into.attempts = static_cast<std::uint32_t>(attempt);
  into.next_try = telemetry::parse_stamp(line.text("next_try"));
  if (const auto accepted = telemetry::parse_stamp(line.text("accepted_at"))) into.accepted_at = accepted;
  if (auto stretch = stretch_of(line)) into.stretches.push_back(*stretch);
}

std::string envelope_recipient(const JsonView& line) {
  const auto original = line.text("original_recipient");
  return original.empty() ? line.text("recipient") : original;
}

bool concerns(const JsonView& line, const std::string& domain) {
  if (domain.find(':') != std::string::npos) return line.text("destination") == domain;
  const auto recipient = envelope_recipient(line);
  return recipient.size() > domain.size() && recipient.ends_with(domain) && recipient[recipient.size() - domain.size() - 1] == '@';
}

}  // namespace

namespace {

// The text of a key whose value has 27 characters, an id; empty: the line has none.
std::string_view id_of(std::string_view line, std::string_view key) {
  constexpr std::size_t id_length = 27;
  const auto at = line.find(key);
  return at == std::string_view::npos ? std::string_view{} : line.substr(at + key.size(), id_length);
}

void take_line(LoggedMessage& message, const LogLine& text) {
  const auto line = JsonView::parse(text.text);
  const auto when = telemetry::parse_stamp(text.time);
  if (!line || !when) return;
  if (line->text("event") == "mail.accepted" || line->text("event") == "mail.generated") {
    if (const auto parent = TraceId::parse(line->text("parent"))) message.parent = parent, message.copies = line->has("count") ? static_cast<std::uint64_t>(line->number("count")) : 1;
    message.accepted_at = telemetry::parse_stamp(line->text("accepted_at"));
    if (!message.accepted_at) message.accepted_at = when;
    message.sender = line->text("sender");
  } else if (is_told(text.text)) {
    auto& recipient = message.recipients[envelope_recipient(*line)];
    recipient.recipient = envelope_recipient(*line);
    take(recipient, *line, *when);
    if (recipient.accepted_at) message.accepted_at = recipient.accepted_at;  // to the microsecond, as the stretches have it
    message.sender = recipient.sender;
  }
}

}  // namespace

std::map<TraceId, LoggedMessage> read_logged_messages(const std::string& log_folder, const std::vector<TraceId>& ids) {
  std::map<TraceId, LoggedMessage> messages;
  std::map<std::string, LoggedMessage*, std::less<>> wanted;
  for (const auto& id : ids) wanted[id.text()] = &messages[id];
  for_each_line({.folder = log_folder}, [&](const LogLine& text) {
    const auto found = wanted.find(id_of(text.text, "\"message\":\""));
    if (found != wanted.end()) take_line(*found->second, text);
    return true;
  });
  return messages;
}

LoggedMessage read_logged_message(const std::string& log_folder, const TraceId& id) {
  return std::move(read_logged_messages(log_folder, {id}).at(id));
}

Descendants descendants_of(const std::string& log_folder, const TraceId& id, std::size_t most) {
  Descendants found;
  std::set<std::string, std::less<>> known{id.text()}, known_telling;
  for_each_line({.folder = log_folder, .logs = {"inlog"}}, [&](const LogLine& text) {
    const auto parent = id_of(text.text, "\"parent\":\"");
    const bool of_telling = known_telling.contains(parent);
    if (parent.empty() || (!of_telling && !known.contains(parent))) return true;
    const auto child = TraceId::parse(id_of(text.text, "\"message\":\""));
    if (!child || known.contains(child->text()) || known_telling.contains(child->text())) return true;
    const auto line = JsonView::parse(text.text);
    if (line && (of_telling || (line->text("event") == "mail.generated" && !line->text("text").empty()))) {
      if (found.telling.size() == most) return true;
      known_telling.insert(child->text());
      found.telling.push_back({*child, line->text("text"), line->text("recipient"), *TraceId::parse(parent)});
      return true;
    }
    if (found.ids.size() == most) return ++found.left_out, true;
    known.insert(child->text());
    found.ids.push_back(*child);
    return true;
  });
  return found;
}

std::optional<LoggedRecipient> last_of_domain(const std::string& log_folder, const std::string& domain, const std::string& first_day) {
  std::optional<LoggedRecipient> last;
  for_each_line({.folder = log_folder, .logs = {"senderlog", "outlog", "outlocallog", "faillog"}, .first_day = first_day}, [&](const LogLine& text) {
    if (!is_told(text.text)) return true;
    const auto line = JsonView::parse(text.text);
    const auto when = telemetry::parse_stamp(text.time);
    if (!line || !when || !concerns(*line, domain)) return true;
    last = LoggedRecipient{};
    last->recipient = envelope_recipient(*line);
    take(*last, *line, *when);
    return true;
  });
  return last;
}

namespace {

// "redirect --to-host relay.example:25 --domain example.jp", as the log has it.
std::optional<std::string> redirected_to(const std::string& command, const std::string& domain, const std::vector<std::string>& destinations) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < command.size();) {
    const auto end = std::min(command.find(' ', begin), command.size());
    words.push_back(command.substr(begin, end - begin));
    begin = end + 1;
  }
  if (words.size() < 3 || words[0] != "redirect" || (words[1] != "--to-host" && words[1] != "--to-address")) return std::nullopt;
  for (std::size_t n = 3; n < words.size(); ++n) {
    const std::string value = n + 1 < words.size() ? words[n + 1] : "";
    const bool its_recipient = !domain.empty() && words[n] == "--recipient" && equal_ignoring_case(value.substr(value.rfind('@') + 1), domain);
    if (words[n] == "--all" || its_recipient || (!domain.empty() && words[n] == "--domain" && equal_ignoring_case(value, domain)) ||
        (words[n] == "--destination" && std::ranges::find(destinations, value) != destinations.end()))
      return words[2];
  }
  return std::nullopt;
}

}  // namespace

std::optional<LoggedRedirect> last_redirect(const std::string& log_folder, const std::string& domain, const std::vector<std::string>& destinations,
                                            const std::string& first_day) {
  std::optional<LoggedRedirect> last;
  for_each_line({.folder = log_folder, .logs = {"servicelog"}, .first_day = first_day}, [&](const LogLine& text) {
    if (text.text.find("\"event\":\"queue.changed\"") == std::string_view::npos) return true;
    const auto line = JsonView::parse(text.text);
    const auto when = telemetry::parse_stamp(text.time);
    if (!line || !when || line->number("count") == 0) return true;
    if (auto to = redirected_to(line->text("text"), domain, destinations)) last = LoggedRedirect{*std::move(to), line->text("by"), *when, line->number("count")};
    return true;
  });
  return last;
}

std::string disk_trouble_since(const std::string& log_folder, WallTime since) {
  std::string what;
  for_each_line({.folder = log_folder, .logs = {"servicelog"}, .service = "deliver", .first_day = telemetry::day_text(since)}, [&](const LogLine& text) {
    if (text.text.find("\"event\":\"storage.trouble\"") == std::string_view::npos) return true;
    const auto when = telemetry::parse_stamp(text.time);
    // One account's store concerns its own mail only, which a running deliver tells of; and a file that is gone keeps no other mail waiting.
    if (const auto line = JsonView::parse(text.text); line && when && *when >= since && line->text("account").empty() && line->text("text") != "gone") what = line->text("reason");
    return true;
  });
  return what;
}

}  // namespace hikyaku::cli
