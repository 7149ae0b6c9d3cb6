#include "services/delivery/report/delivery_report.h"

#include <algorithm>

#include "base/check.h"
#include "base/cursor.h"
#include "protocol/mime/date.h"
#include "protocol/mime/header.h"
#include "protocol/mime/header_writer.h"
#include "protocol/mime/transfer_encoding.h"
#include "services/delivery/report/report_status.h"
#include "services/delivery/report/report_text.h"

namespace hikyaku::delivery {
namespace {

bool is_ascii(std::string_view text) { return std::ranges::none_of(text, is_eight_bit); }

// A header that was cut off loses its last line rather than showing half of it.
std::string_view header_of(std::string_view text) {
  const auto end = text.find("\r\n\r\n");
  if (end != std::string_view::npos) return text.substr(0, end + 2);
  const auto last = text.rfind("\r\n");
  return last == std::string_view::npos ? text : text.substr(0, last + 2);
}

// A boundary that cannot stand in the returned text: made from the report's id, lengthened while it does.
std::string boundary_for(const TraceId& id, std::string_view text) {
  std::string boundary = "=_" + id.text();
  while (text.find(boundary) != std::string_view::npos) boundary += "_";
  return boundary;
}

// The Message-ID of the original, when it is one a header may carry: threads of a mail client need it.
std::string message_id_of(std::string_view text) {
  const auto field = mime::find_field(header_of(text), "Message-ID");
  if (!field) return {};
  const auto open = field->value.find('<'), close = field->value.find('>');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open || close - open > 250) return {};
  const auto id = field->value.substr(open, close - open + 1);
  return std::ranges::all_of(id, [](char c) { return c > ' ' && c < 0x7f; }) ? std::string(id) : std::string();
}

// The fields before the multipart (RFC 3464 §2, RFC 3834 §5: no auto-responder may answer it).
std::string report_header(const ReportRequest& request, std::string_view boundary, bool eight_bit) {
  const std::string mta(request.reporting_mta);
  const auto gravest = gravest_action(request.recipients);
  mime::HeaderWriter header;
  header.mailbox("From", "Mail Delivery System", {"MAILER-DAEMON", mta});
  header.field("To", "<" + request.original.reverse_path.text() + ">");
  header.text("Subject", report_subject(request));
  header.date("Date", request.now, request.zone_minutes);
  header.field("Message-ID", "<" + request.report_id.text() + "@" + mta + ">");
  if (const auto id = message_id_of(request.original_text); !id.empty()) header.field("In-Reply-To", id).field("References", id);
  header.field("Auto-Submitted", gravest == Action::Failed || gravest == Action::Delayed ? "auto-replied" : "auto-generated");
  header.field("MIME-Version", "1.0");
  header.field("Content-Type", "multipart/report; report-type=delivery-status; boundary=\"" + std::string(boundary) + "\"");
  if (eight_bit) header.field("Content-Transfer-Encoding", "8bit");
  return header.fields() + "\r\n";
}

void append_text_part(std::string& out, std::string_view text) {
  if (is_ascii(text)) out.append("Content-Type: text/plain; charset=us-ascii\r\n\r\n").append(text);
  else out.append("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n").append(mime::encode_base64_lines(text));
}

// RFC 6522 §3 (3); RFC 6533 §4, §5 for UTF-8 in the original's header.
void append_returned_part(std::string& out, std::string_view returned, bool full) {
  const bool global = !is_ascii(header_of(returned));
  out.append("Content-Type: ");
  if (full) out.append(global ? "message/global" : "message/rfc822");
  else out.append(global ? "message/global-headers" : "text/rfc822-headers");
  out.append("\r\n");
  if (!is_ascii(returned)) out.append("Content-Transfer-Encoding: 8bit\r\n");
  out.append("\r\n").append(returned);
}

}  // namespace

std::string make_delivery_report(const ReportRequest& request) {
  const Envelope& original = request.original;
  check(!original.reverse_path.is_null(), "a null reverse-path gets no notification (RFC 5321 §4.5.5)");
  check(!request.recipients.empty(), "a report tells of somebody");
  const bool failed = gravest_action(request.recipients) == Action::Failed;
  // RFC 8689 §5: of what demands TLS only the header goes back, whatever RET says.
  const bool full = failed && original.return_content != ReturnContent::Headers && original.tls_wish != TlsWish::Require &&
                    request.original_text.size() <= request.full_return_limit;
  const std::string_view returned = full ? request.original_text : header_of(request.original_text);
  const std::string text = report_text(request);
  const std::string status = report_status(request);
  const std::string boundary = boundary_for(request.report_id, returned);

  std::string out;
  out.reserve(returned.size() + status.size() + 2 * text.size() + 4096);
  out.append(report_header(request, boundary, !is_ascii(status) || !is_ascii(returned)));
  out.append("--").append(boundary).append("\r\n");
  append_text_part(out, text);
  out.append("\r\n--").append(boundary).append("\r\n");
  const bool global = needs_global_status(request);
  out.append("Content-Type: message/").append(global ? "global-delivery-status" : "delivery-status").append("\r\n");
  if (global) out.append("Content-Transfer-Encoding: 8bit\r\n");
  out.append("\r\n").append(status);
  if (!returned.empty()) {
    out.append("\r\n--").append(boundary).append("\r\n");
    append_returned_part(out, returned, full);
    if (!returned.ends_with("\r\n")) out.append("\r\n");
  }
  out.append("\r\n--").append(boundary).append("--\r\n");
  return out;
}

}  // namespace hikyaku::delivery
