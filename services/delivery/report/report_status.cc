#include "services/delivery/report/report_status.h"

#include <algorithm>

#include "base/cursor.h"
#include "protocol/mime/date.h"
#include "protocol/mime/header_writer.h"
#include "protocol/smtp/time_parameters.h"
#include "services/delivery/report/report_text.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t most_value_octets = 900;  // a field's line stays below 998 (RFC 5322 §2.1.1)

bool is_ascii(std::string_view text) { return std::ranges::none_of(text, is_eight_bit); }

// utf-8-addr-unitext: "\x{3042}" for what is not ASCII.                                              RFC 6533 §3
std::string in_ascii(std::string_view utf8) {
  std::string out;
  for (std::size_t at = 0; at < utf8.size() && out.size() + 12 < most_value_octets;) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length == 1) {
      out += utf8[at++];
      continue;
    }
    std::uint32_t character = lead & (0xffU >> (length + 1));
    for (std::size_t n = 1; n < length && at + n < utf8.size(); ++n)
      character = character << 6 | (static_cast<unsigned char>(utf8[at + n]) & 0x3fU);
    char text[16];
    std::snprintf(text, sizeof text, "\\x{%X}", character);
    out += text;
    at += length;
  }
  return out;
}

enum class Characters : std::uint8_t { Ascii, Utf8 };

class StatusWriter {
 public:
  explicit StatusWriter(Characters characters) : characters_(characters) {}

  void field(std::string_view name, std::string_view value) {
    const std::string line = one_line(value, most_value_octets);
    fields_.field(name, characters_ == Characters::Utf8 ? line : in_ascii(line));
  }
  void typed(std::string_view name, std::string_view type, std::string_view value) {
    if (!value.empty()) field(name, std::string(type) + "; " + std::string(value));
  }
  void date(std::string_view name, WallTime when) { field(name, mime::print_date(when, 0)); }
  void address(std::string_view name, const Address& address) {
    const std::string text = address.text();
    typed(name, is_ascii(text) ? "rfc822" : "utf-8", text);
  }
  // RFC 3464 §2.1.1: blocks of fields, divided by empty lines.
  void end_block(std::string& out) {
    if (!out.empty()) out += "\r\n";
    out += fields_.fields();
    fields_ = {};
  }

 private:
  Characters characters_;
  mime::HeaderWriter fields_;
};

// ORCPT as the sender gave it: "rfc822;a@b" (RFC 3461 §4.2, RFC 3464 §2.3.1).
void write_original_recipient(StatusWriter& out, std::string_view original) {
  const auto semicolon = original.find(';');
  if (original.empty()) return;
  if (semicolon == std::string_view::npos) out.typed("Original-Recipient", "rfc822", original);
  else out.typed("Original-Recipient", original.substr(0, semicolon), original.substr(semicolon + 1));
}

std::string_view action_word(Action action) {
  switch (action) {
    case Action::Failed: return "failed";
    case Action::Delayed: return "delayed";
    case Action::Delivered: return "delivered";
    case Action::Relayed: return "relayed";
    case Action::Expanded: return "expanded";
  }
  return "failed";
}

// RFC 3464 §2.3, in its order.
void write_recipient(StatusWriter& out, const RecipientReport& report, const TraceId& message) {
  write_original_recipient(out, report.recipient.original_recipient);
  out.address("Final-Recipient", report.recipient.address);
  out.field("Action", action_word(report.action));
  out.field("Status", report.status);
  out.typed("Remote-MTA", "dns", report.remote_mta);
  if (!report.diagnostic.empty()) out.typed("Diagnostic-Code", "smtp", report.diagnostic);
  else out.typed("Diagnostic-Code", "x-hikyaku", report.explanation);
  if (report.last_attempt) out.date("Last-Attempt-Date", *report.last_attempt);
  out.field("Final-Log-ID", message.text());
  if (report.action == Action::Delayed && report.will_retry_until) out.date("Will-Retry-Until", *report.will_retry_until);
}

}  // namespace

bool needs_global_status(const ReportRequest& request) {
  return std::ranges::any_of(request.recipients, [](const RecipientReport& one) { return !is_ascii(one.recipient.address.text()); });
}

std::string report_status(const ReportRequest& request) {
  StatusWriter out(needs_global_status(request) ? Characters::Utf8 : Characters::Ascii);
  std::string text;
  // RFC 3464 §2.2: per-message fields.
  const Envelope& original = request.original;
  if (!original.envelope_id.empty()) out.field("Original-Envelope-Id", original.envelope_id);
  out.typed("Reporting-MTA", "dns", request.reporting_mta);
  out.typed("Received-From-MTA", "dns", original.client_helo);
  out.date("Arrival-Date", original.accepted_at);
  if (original.deliver_by) out.date("Deliver-By-Date", original.deliver_by->deadline);  // RFC 2852 §5
  if (const auto& release = original.release)  // RFC 4865 §5.1.2
    out.field("Future-Release-Request", release->asked_for > 0 ? "for;" + std::to_string(release->asked_for)
                                                               : "until;" + smtp::date_time_text(release->at));
  out.end_block(text);
  for (const auto& report : request.recipients) {
    write_recipient(out, report, original.id);
    out.end_block(text);
  }
  return text;
}

}  // namespace hikyaku::delivery
