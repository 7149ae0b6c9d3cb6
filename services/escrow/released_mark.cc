#include "services/escrow/released_mark.h"

#include <algorithm>

#include "services/telemetry/stamp.h"

namespace hikyaku::escrow {
namespace {

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

std::string released_text(const ReleasedMail& mail) { return telemetry::stamp_text(mail.at) + "\n" + mail.sender + "\n" + mail.recipient + "\n"; }

std::optional<ReleasedMail> parse_released(std::string_view text) {
  const auto at = telemetry::parse_stamp(take_line(text));
  if (!at) return std::nullopt;
  ReleasedMail mail{.at = *at, .sender = std::string(take_line(text)), .recipient = {}};
  mail.recipient = take_line(text);
  return mail;
}

}  // namespace hikyaku::escrow
