#include "services/quarantine/digest.h"

#include <set>

#include "base/checksum.h"
#include "protocol/mime/date.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::quarantine {
namespace {

constexpr std::size_t most_lines = 1'000;

// The peer's words: nothing that ends a line, nothing that a terminal obeys.
std::string plain(std::string_view text) {
  std::string out(text.substr(0, 200));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return out;
}

std::string lines_of(const std::vector<const Entry*>& taken) {
  std::string text;
  for (std::size_t i = 0; i < taken.size() && i < most_lines; ++i) {
    const auto& entry = *taken[i];
    const auto& to = entry.envelope.recipients;
    const auto sender = entry.envelope.reverse_path.text();
    text += entry.envelope.id.text() + "  " + telemetry::stamp_text(entry.taken).substr(0, 16) + "  " + plain(entry.why) + "\r\n  " + plain(sender.empty() ? "<>" : sender) + " -> " +
            (to.empty() ? "" : plain(to.front().address.text())) + (to.size() > 1 ? " +" + std::to_string(to.size() - 1) : "") + "\r\n";
  }
  if (taken.size() > most_lines) text += "... " + std::to_string(taken.size() - most_lines) + "\r\n";
  return text;
}

}  // namespace

std::string told_text(const std::vector<Entry>& entries) {
  std::string text;
  for (const auto& entry : entries) text += entry.envelope.id.text() + "\n";
  return text;
}

std::vector<const Entry*> untold(const std::vector<Entry>& entries, const std::optional<std::string>& told, WallTime since) {
  std::set<std::string_view> known;
  for (std::string_view rest = told ? std::string_view(*told) : std::string_view{}; !rest.empty();) {
    const auto end = rest.find('\n');
    known.insert(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  std::vector<const Entry*> fresh;
  for (const auto& entry : entries)
    if (told ? !known.contains(entry.envelope.id.text()) : entry.taken >= since) fresh.push_back(&entry);
  return fresh;
}

std::optional<spool::GeneratedMail> digest_mail(const std::vector<const Entry*>& taken, WallTime now, const DigestOrigin& origin) {
  if (taken.empty()) return std::nullopt;
  const auto day = telemetry::day_text(now);
  const auto count = std::to_string(taken.size());
  const bool japanese = origin.language == DigestLanguage::Japanese;
  spool::GeneratedMail mail;
  mail.envelope.id = TraceId{origin.node, 0, 0, checksum("quarantine digest " + day)}.derived(origin.to.text(), "quarantine digest", 0);
  mail.envelope.recipients.push_back({origin.to, "", {.never = true}});
  mail.envelope.accepted_at = now;
  mail.envelope.body_type = BodyType::EightBitMime;
  mail.text = "From: Hikyaku <postmaster@" + origin.hostname + ">\r\nTo: <" + origin.to.text() + ">\r\nSubject: Quarantine on " + origin.hostname + ": " + count + " new, " + day + "\r\nDate: " + mime::print_date(now, 0) +
              "\r\nMessage-ID: <" + mail.envelope.id.text() + "@" + origin.hostname + ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
  mail.text += japanese ? "隔離したメール: " + count + " 通\r\n解放は hikyaku quarantine release ID、削除は hikyaku quarantine delete ID。\r\n\r\n"
                        : "Messages put into quarantine: " + count + "\r\nRelease one with: hikyaku quarantine release ID; delete it with: hikyaku quarantine delete ID\r\n\r\n";
  mail.text += lines_of(taken);
  mail.envelope.body_octets = mail.text.size();
  return mail;
}

}  // namespace hikyaku::quarantine
