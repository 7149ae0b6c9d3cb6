#include "services/delivery/delivery_report.h"

#include <algorithm>
#include <ctime>

#include "base/base64.h"
#include "base/check.h"
#include "base/cursor.h"

namespace hikyaku::delivery {
namespace {

bool is_ascii(std::string_view text) { return std::ranges::none_of(text, is_eight_bit); }

// RFC 5322 §3.3, always in UTC: the reader of a bounce compares it with other logs.
std::string date(WallTime time) {
  const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::snprintf(text, sizeof text, "%s, %d %s %04d %02d:%02d:%02d +0000", days[parts.tm_wday], parts.tm_mday,
                months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return text;
}

// A peer's reply goes into a header field: control characters would end it early.
std::string one_line(std::string_view text, std::size_t limit = 900) {
  std::string out;
  for (const char c : text.substr(0, limit)) out += is_ctl(c) ? ' ' : c;
  return out;
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

struct Wording {
  std::string_view subject, english, japanese;
};

Wording wording(const std::vector<RecipientReport>& recipients) {
  const auto any = [&](Action action) {
    return std::ranges::any_of(recipients, [&](const auto& r) { return r.action == action; });
  };
  if (any(Action::Failed))
    return {"Undelivered mail returned to sender",
            "Your message could not be delivered to the recipients below. It will not be tried again.",
            "あなたのメールは次の宛先に配送できませんでした。再送は行われません。"};
  if (any(Action::Delayed))
    return {"Delayed mail (still being retried)",
            "Your message has not been delivered yet. Delivery is still being tried; you need not send it again.",
            "あなたのメールはまだ配送されていません。配送は引き続き試みられます。再送の必要はありません。"};
  return {"Delivery report", "This is the delivery report you asked for.", "ご依頼の配送通知です。"};
}

std::string address_field(std::string_view name, const Address& address) {
  const std::string text = address.text();
  return std::string(name) + (is_ascii(text) ? ": rfc822; " : ": utf-8; ") + one_line(text) + "\r\n";
}

// Lines of 76 characters (RFC 2045 §6.8).
std::string folded_base64(std::string_view octets) {
  const std::string coded = base64_encode(octets);
  std::string out;
  for (std::size_t at = 0; at < coded.size(); at += 76) out += coded.substr(at, 76) + "\r\n";
  return out;
}

std::string human_part(const ReportRequest& request, const Wording& words) {
  std::string text;
  text.append(words.japanese).append("\r\n").append(words.english).append("\r\n\r\n");
  for (const auto& report : request.recipients) {
    text.append("  <").append(one_line(report.recipient.address.text())).append(">\r\n");
    if (!report.diagnostic.empty()) {
      text.append("    ");
      if (!report.remote_mta.empty()) text.append(one_line(report.remote_mta)).append(": ");
      text.append(one_line(report.diagnostic)).append("\r\n");
    }
    if (!report.explanation.empty()) text.append("    ").append(one_line(report.explanation)).append("\r\n");
  }
  text.append("\r\nmessage id / メッセージ番号: ").append(request.original.id.text()).append("\r\n");
  return text;
}

std::string status_part(const ReportRequest& request) {
  std::string out;
  // RFC 3464 §2.2: per-message fields.
  out.append("Reporting-MTA: dns; ").append(request.reporting_mta).append("\r\n");
  if (!request.original.envelope_id.empty())
    out.append("Original-Envelope-Id: ").append(one_line(request.original.envelope_id)).append("\r\n");
  out.append("Arrival-Date: ").append(date(request.original.accepted_at)).append("\r\n");
  // §2.3: per-recipient fields.
  for (const auto& report : request.recipients) {
    out.append("\r\n");
    if (!report.recipient.original_recipient.empty()) {
      const std::string_view original = report.recipient.original_recipient;
      const auto separator = original.find(';');
      out.append("Original-Recipient: ");
      if (separator == std::string_view::npos) out.append("rfc822; ").append(one_line(original));
      else out.append(one_line(original.substr(0, separator))).append("; ").append(one_line(original.substr(separator + 1)));
      out.append("\r\n");
    }
    out.append(address_field("Final-Recipient", report.recipient.address));
    out.append("Action: ").append(action_word(report.action)).append("\r\n");
    out.append("Status: ").append(report.status).append("\r\n");
    if (!report.remote_mta.empty()) out.append("Remote-MTA: dns; ").append(one_line(report.remote_mta)).append("\r\n");
    if (!report.diagnostic.empty()) out.append("Diagnostic-Code: smtp; ").append(one_line(report.diagnostic)).append("\r\n");
    else if (!report.explanation.empty())
      out.append("Diagnostic-Code: x-hikyaku; ").append(one_line(report.explanation)).append("\r\n");
    if (report.last_attempt) out.append("Last-Attempt-Date: ").append(date(*report.last_attempt)).append("\r\n");
    if (report.action == Action::Delayed && report.will_retry_until)
      out.append("Will-Retry-Until: ").append(date(*report.will_retry_until)).append("\r\n");
  }
  return out;
}

std::string_view header_of(std::string_view text) {
  const auto end = text.find("\r\n\r\n");
  return end == std::string_view::npos ? text : text.substr(0, end + 2);
}

// A boundary that cannot stand in the returned text: made from the report's id, lengthened while it does.
std::string boundary_for(const TraceId& id, std::string_view text) {
  std::string boundary = "=_" + id.text();
  while (text.find(boundary) != std::string_view::npos) boundary += "_";
  return boundary;
}

}  // namespace

std::string make_delivery_report(const ReportRequest& request) {
  const Envelope& original = request.original;
  check(!original.reverse_path.is_null(), "a null reverse-path gets no notification (RFC 5321 §4.5.5)");
  const Wording words = wording(request.recipients);
  const bool failed = std::ranges::any_of(request.recipients, [](const auto& r) { return r.action == Action::Failed; });
  const bool full = failed && original.return_content != ReturnContent::Headers &&
                    request.original_text.size() <= request.full_return_limit;
  const std::string_view returned = full ? request.original_text : header_of(request.original_text);
  const std::string status = status_part(request);
  const bool global = !is_ascii(status);  // RFC 6533
  const bool eight_bit = global || !is_ascii(returned);
  const std::string boundary = boundary_for(request.report_id, returned);
  const std::string mta(request.reporting_mta);

  std::string out;
  out.reserve(returned.size() + status.size() + 4096);
  // RFC 3464 §2: from the MTA itself; RFC 3834 §5: no auto-responder may answer it.
  out.append("From: Mail Delivery System <MAILER-DAEMON@").append(mta).append(">\r\n");
  out.append("To: <").append(original.reverse_path.text()).append(">\r\n");
  out.append("Subject: ").append(words.subject).append("\r\n");
  out.append("Date: ").append(date(request.now)).append("\r\n");
  out.append("Message-ID: <").append(request.report_id.text()).append("@").append(mta).append(">\r\n");
  out.append("Auto-Submitted: ").append(failed ? "auto-replied" : "auto-generated").append("\r\n");
  out.append("MIME-Version: 1.0\r\n");
  out.append("Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"").append(boundary).append("\"\r\n");
  if (eight_bit) out.append("Content-Transfer-Encoding: 8bit\r\n");
  out.append("\r\n--").append(boundary).append("\r\n");
  out.append("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
  out.append(folded_base64(human_part(request, words)));
  out.append("\r\n--").append(boundary).append("\r\n");
  out.append("Content-Type: message/").append(global ? "global-delivery-status" : "delivery-status").append("\r\n");
  if (global) out.append("Content-Transfer-Encoding: 8bit\r\n");
  out.append("\r\n").append(status);
  out.append("\r\n--").append(boundary).append("\r\n");
  const bool global_text = !is_ascii(header_of(returned));
  out.append("Content-Type: ");
  if (full) out.append(global_text ? "message/global" : "message/rfc822");
  else out.append(global_text ? "message/global-headers" : "text/rfc822-headers");
  out.append("\r\n");
  if (!is_ascii(returned)) out.append("Content-Transfer-Encoding: 8bit\r\n");
  out.append("\r\n").append(returned);
  if (!returned.ends_with("\r\n")) out.append("\r\n");
  out.append("\r\n--").append(boundary).append("--\r\n");
  return out;
}

}  // namespace hikyaku::delivery
