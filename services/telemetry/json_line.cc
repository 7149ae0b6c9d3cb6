// The form of a log line: time, level, event, service, then the fields that were given.
#include <ctime>

#include "services/telemetry/json_text.h"
#include "services/telemetry/log.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::telemetry {

namespace {

class LineWriter {
 public:
  LineWriter() { out_.reserve(400), out_ = "{"; }
  void text(std::string_view key, std::string_view value) { name(key), append_json_text(out_, value); }
  void given(std::string_view key, std::string_view value) {
    if (!value.empty()) text(key, value);
  }
  template <class T>
  void given(std::string_view key, const std::optional<T>& value) {
    if (value) name(key), out_ += std::to_string(*value);
  }
  void stamp(std::string_view key, WallTime when) { name(key), out_ += '"', out_ += stamp_text(when), out_ += '"'; }
  void milliseconds(std::string_view key, Duration took) {
    name(key), out_ += milliseconds_text(took);
  }
  void spent(std::string_view key, std::span<const NamedDuration> parts) {
    std::string_view before = "{";
    for (const auto& part : parts) {
      if (part.took < 1us) continue;
      if (before == "{") name(key);
      out_ += before, out_ += '"', out_ += part.name, out_ += "\":", out_ += milliseconds_text(part.took);
      before = ",";
    }
    if (before == ",") out_ += '}';
  }
  std::string line() && { return std::move(out_) + "}"; }

 private:
  static std::string milliseconds_text(Duration took) {
    const auto microseconds = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    std::string fraction = std::to_string(microseconds % 1'000);
    return std::to_string(microseconds / 1'000) + "." + std::string(3 - fraction.size(), '0') + fraction;
  }
  void name(std::string_view key) {
    if (out_.size() > 1) out_ += ',';
    out_ += '"', out_ += key, out_ += "\":";
  }
  std::string out_;
};

}  // namespace

std::string json_line(const Event& event, const Fields& fields, WallTime when, std::string_view service) {
  LineWriter line;
  line.stamp("time", when);
  line.text("level", level_name(event.level));
  line.text("event", event.name);
  line.text("service", service);
  if (fields.message) line.text("message", fields.message->text());
  if (fields.parent) line.text("parent", fields.parent->text());
  if (fields.null_sender) line.text("sender", "");
  line.given("sender", fields.null_sender ? std::string_view{} : fields.sender);
  line.given("recipient", fields.recipient);
  line.given("original_recipient", fields.original_recipient);
  line.given("account", fields.account);
  line.given("client", fields.client);
  line.given("client_port", fields.client_port);
  line.given("helo", fields.helo);
  line.given("client_name", fields.client_name);
  line.given("listener", fields.listener);
  line.given("connection", fields.connection);
  line.given("tls", fields.tls);
  line.given("mailbox", fields.mailbox);
  line.given("message_id", fields.message_id);
  line.given("destination", fields.destination);
  line.given("next_hop", fields.next_hop);
  line.given("command", fields.command);
  line.given("reply", fields.reply);
  line.given("class", fields.failure_class);
  line.given("octets", fields.octets);
  line.given("count", fields.count);
  line.given("attempt", fields.attempt);
  if (fields.took) line.milliseconds("took_ms", *fields.took);
  if (fields.accepted_at) line.stamp("accepted_at", *fields.accepted_at);
  if (fields.since && fields.since != fields.accepted_at) line.stamp("since", *fields.since);
  line.spent("spent_ms", fields.spent);
  if (fields.next_try) line.stamp("next_try", *fields.next_try);
  line.given("by", fields.by);
  line.given("about", fields.service);
  line.given("text", fields.text);
  line.given("rule", fields.rule);
  line.given("mode", fields.mode);
  line.given("reason", fields.reason);
  return std::move(line).line();
}

}  // namespace hikyaku::telemetry
