#include "protocol/smtp/received.h"

#include <array>
#include <chrono>
#include <cstring>

#include "base/cursor.h"
#include "protocol/smtp/address.h"

namespace hikyaku::smtp {
namespace {

constexpr std::string_view tls_required = "TLS-Required:";

void append_two(std::string& out, unsigned value) {
  out += static_cast<char>('0' + value / 10 % 10);
  out += static_cast<char>('0' + value % 10);
}

// Text inside a comment: what could end or nest it, and what is no printable ASCII, becomes "?".
std::string comment_text(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 255)) out += c <= 0x20 || c >= 0x7f || c == '(' || c == ')' || c == '\\' ? '?' : c;
  return out;
}

}  // namespace

std::string protocol_keyword(const SessionKind& kind) {
  const bool lmtp = kind.role == Role::Lmtp;
  std::string word = lmtp ? "LMTP" : kind.extended ? "ESMTP" : "SMTP";
  if (kind.smtputf8) word = lmtp ? "UTF8LMTP" : "UTF8SMTP";
  if (kind.extended && kind.encrypted) word += 'S';
  if (kind.extended && kind.authenticated) word += 'A';
  return word;
}

std::string message_date(WallTime when) {
  static constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(when - day));
  std::string out(days[std::chrono::weekday(day).c_encoding()]);
  out += ", " + std::to_string(static_cast<unsigned>(date.day())) + ' ';
  out += months[static_cast<unsigned>(date.month()) - 1];
  out += ' ' + std::to_string(static_cast<int>(date.year())) + ' ';
  append_two(out, static_cast<unsigned>(time.hours().count()));
  out += ':';
  append_two(out, static_cast<unsigned>(time.minutes().count()));
  out += ':';
  append_two(out, static_cast<unsigned>(time.seconds().count()));
  return out + " +0000";
}

// Time-stamp-line = "Received:" FWS Stamp <CRLF>; From-domain = "FROM" FWS Extended-Domain ...      RFC 5321 §4.4
std::string received_field(const ReceivedFacts& facts) {
  std::string out = "Received: from ";
  out.reserve(320);
  const bool sound_name = is_helo_name(facts.helo) && facts.helo.size() <= 255;
  out += sound_name ? std::string(facts.helo) : "unknown";
  if (facts.client_address.empty()) {
    out += sound_name ? " (local)" : " (local; HELO " + comment_text(facts.helo) + ")";
  } else {
    out += " ([";
    if (facts.client_address.contains(':')) out += "IPv6:";
    out.append(facts.client_address).append("]");
    if (!sound_name) out += "; HELO " + comment_text(facts.helo);
    out += ')';
  }
  out.append("\r\n\tby ").append(facts.our_name).append(" (Hikyaku) with ").append(protocol_keyword(facts.kind));
  if (!facts.tls.empty()) out.append("\r\n\t(").append(comment_text(facts.tls.substr(0, facts.tls.find(' '))));
  if (const auto space = facts.tls.find(' '); space != std::string_view::npos)
    out.append(" cipher ").append(comment_text(facts.tls.substr(space + 1)));
  if (!facts.tls.empty()) out += ')';
  out.append("\r\n\tid ").append(facts.id.text());
  if (!facts.recipient.empty()) out.append("\r\n\tfor <").append(facts.recipient).append(">");
  if (facts.priority != 0) out.append("\r\n\tPRIORITY ").append(std::to_string(facts.priority));
  return out + ";\r\n\t" + message_date(facts.when) + "\r\n";
}

void HopCounter::feed(std::string_view text) {
  while (in_header_ && !text.empty()) {
    const auto lf = text.find('\n');
    const auto piece = text.substr(0, lf);
    const auto room = sizeof line_ - std::min(line_octets_, sizeof line_);
    std::memcpy(line_ + (sizeof line_ - room), piece.data(), std::min(room, piece.size()));
    line_octets_ += piece.size();
    if (lf == std::string_view::npos) return;
    end_of_line();
    text.remove_prefix(lf + 1);
  }
}

void HopCounter::end_of_line() {
  const std::string_view start(line_, std::min(line_octets_, sizeof line_));
  if (start == "\r" || start.empty()) in_header_ = false;
  if (starts_with_ignoring_case(start, "Received:")) ++hops_;
  if (starts_with_ignoring_case(start, tls_required)) {
    auto value = start.substr(tls_required.size());
    while (!value.empty() && (value.back() == '\r' || value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    ++(line_octets_ <= sizeof line_ && equal_ignoring_case(value, "No") ? waivers_ : other_wishes_);
  }
  line_octets_ = 0;
}

}  // namespace hikyaku::smtp
