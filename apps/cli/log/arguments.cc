#include "apps/cli/log/arguments.h"

#include "apps/cli/terminal/when_text.h"
#include "base/cursor.h"
#include "mail/trace_id.h"

namespace hikyaku::cli {

namespace {

std::string wrong(const Invocation& call, std::string_view option, const Words& possible) {
  return std::string(option) + ": \"" + call.value(option) + "\" " + std::string(call.say(possible));
}

}  // namespace

std::optional<std::string> mistaken_day(const Invocation& call) {
  for (const auto* option : {"--day", "--since", "--until"})
    if (call.has(option) && !is_day(call.value(option)))
      return wrong(call, option, {"is no day. Remedy: write it as 2026-11-22.", "は日付ではない。2026-11-22 の形で書く。"});
  return std::nullopt;
}

std::optional<std::string> mistaken_count(const Invocation& call, std::string_view option, std::uint64_t most) {
  if (!call.has(option)) return std::nullopt;
  const std::string text = call.value(option);
  Cursor in(text);
  const auto count = parse_number(in, most);
  if (count && in.at_end() && *count > 0) return std::nullopt;
  const std::string english = "is no count. Remedy: write a number from 1 to " + std::to_string(most) + ".";
  const std::string japanese = "は数ではない。1 から " + std::to_string(most) + " までの数を書く。";
  return wrong(call, option, {english, japanese});
}

std::optional<std::string> mistaken_message(const Invocation& call) {
  if (!call.has("--message") || TraceId::parse(call.value("--message"))) return std::nullopt;
  return wrong(call, "--message", {"is no trace id. Remedy: it is in the 250 reply, the Received line and every log line: B and 26 characters. --about finds any text.",
                                   "は追跡 ID ではない。250 応答、Received 行、各ログ行にある B と 26 文字。任意の文字列は --about で探せる。"});
}

}  // namespace hikyaku::cli
