#include "services/history/suspension_mail.h"

#include <algorithm>

#include "base/checksum.h"
#include "base/cursor.h"
#include "base/local_zone.h"
#include "protocol/mime/header_writer.h"
#include "services/abuse/evidence.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::history {
namespace {

constexpr std::size_t most_listed = 100;

// Client names come from strangers' DNS: nothing that ends a line or commands a terminal.
std::string plain(std::string text) {
  std::ranges::replace_if(text, is_ctl, '?');
  return text;
}

std::string minute_text(Time when) {
  auto text = telemetry::stamp_text(when).substr(0, 16);
  text[10] = ' ';
  return text;
}

std::string part_about(const SuspendedAccount& one, bool japanese) {
  const auto address = plain(one.address), why = plain(japanese ? abuse::evidence_in_japanese(one.why) : one.why);
  return address + "  " + minute_text(one.since) + "\r\n    " + why + "\r\n    hikyaku account contain " + address + "\r\n\r\n";
}

std::string text_of(const std::vector<SuspendedAccount>& accounts, bool japanese) {
  std::string text = japanese ? "次のアカウントの送信を停止しました。ふだんと異なる送信があり、他人に使われているおそれがあります。\r\n"
                                "配送待ちのメールは保留しています。受信と閲覧は続けられます。\r\n\r\n"
                              : "Sending by these accounts is suspended: they sent as they never did, and somebody else seems to use them.\r\n"
                                "What they had queued is held. They still receive and read mail.\r\n\r\n";
  for (std::size_t i = 0; i < accounts.size() && i < most_listed; ++i) text += part_about(accounts[i], japanese);
  if (accounts.size() > most_listed) text += (japanese ? "ほかに: " : "and so many more: ") + std::to_string(accounts.size() - most_listed) + "  (hikyaku account list)\r\n\r\n";
  text += japanese ? "`account contain` は使われ方を示し、--yes を付けるとセッションを終わらせて新しいパスワードを設定します。本人による送信だったなら:\r\n"
                   : "`account contain` shows what was done with the account, and with --yes ends its sessions and sets a new password. If it was the owner:\r\n";
  return text + "    hikyaku account release " + plain(accounts.front().address) + " --release-held\r\n";
}

std::string subject_of(const std::vector<SuspendedAccount>& accounts, const MailOrigin& origin) {
  const bool japanese = origin.language == NoticeLanguage::Japanese;
  auto subject = (japanese ? "送信を停止したアカウント: " : "Account suspended: ") + plain(accounts.front().address);
  if (accounts.size() > 1) subject += japanese ? " ほか " + std::to_string(accounts.size() - 1) + " 件" : " and " + std::to_string(accounts.size() - 1) + " more";
  return subject + (japanese ? "(" + origin.hostname + ")" : " on " + origin.hostname);
}

}  // namespace

spool::GeneratedMail suspension_mail(const std::vector<SuspendedAccount>& accounts, const Address& to, const MailOrigin& origin) {
  std::string about("suspended");
  for (const auto& one : accounts) about += '\n' + one.address + '\n' + std::to_string(one.since.time_since_epoch().count());
  spool::GeneratedMail mail;
  mail.envelope.id = TraceId{origin.node, 0, 0, checksum(about)}.derived(to.text(), "account suspended", 0);
  mail.envelope.recipients.push_back({to, "", {.never = true}});
  mail.envelope.accepted_at = origin.now;
  mail.envelope.body_type = BodyType::EightBitMime;
  mime::HeaderWriter header;
  header.mailbox("From", "Hikyaku", {"postmaster", origin.hostname}).mailbox("To", "", to.domain.empty() ? Address{to.local_part, origin.hostname} : to).text("Subject", subject_of(accounts, origin));
  header.date("Date", origin.now, static_cast<int>(local_zone(origin.now).count())).field("Message-ID", "<" + mail.envelope.id.text() + "@" + origin.hostname + ">");
  header.field("Auto-Submitted", "auto-generated").field("MIME-Version", "1.0").field("Content-Type", "text/plain; charset=utf-8").field("Content-Transfer-Encoding", "8bit");
  mail.text = header.fields() + "\r\n" + text_of(accounts, origin.language == NoticeLanguage::Japanese);
  mail.envelope.body_octets = mail.text.size();
  return mail;
}

}  // namespace hikyaku::history
