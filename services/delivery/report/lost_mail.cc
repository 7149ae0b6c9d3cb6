#include "services/delivery/report/lost_mail.h"

#include "base/local_zone.h"
#include "protocol/mime/header_writer.h"
#include "services/delivery/report/report_text.h"

namespace hikyaku::delivery {
namespace {

std::string text_in(bool japanese, const std::string& id, const std::string& damage, const std::string& count) {
  if (japanese)
    return "このサーバーが作成したメール " + id + "(エラーメール、別名やリストの写しなど)は、ディスク上で壊れていて読めません。\r\n"
           "未配送の受信者は " + count + " 人です。宛先も失われた部分にあったため、ほかの誰にも知らせられません。\r\n"
           "原因: " + damage + "\r\n"
           "hikyaku trace " + id + " で、ログに残る経緯がわかります。ディスクを点検してください。\r\n";
  return "The mail " + id + ", which this server had made (a report, an alias's or a list's copy), is damaged on disk and cannot be read.\r\n"
         "Recipients still to be served: " + count + ". Who they are stood in what is lost, so nobody else can be told.\r\n"
         "Cause: " + damage + "\r\n"
         "hikyaku trace " + id + " shows what the log knows of it. Please check the disk.\r\n";
}

}  // namespace

spool::GeneratedMail make_lost_mail_letter(const TraceId& lost, std::string_view damage, std::size_t recipients, const Address& to, const ReportOrigin& origin) {
  spool::GeneratedMail mail;
  mail.envelope.id = lost.derived(to.text(), "lost mail", origin.generated_journal);
  mail.envelope.recipients = {{to, "", {.never = true}}};
  mail.envelope.accepted_at = origin.now;
  mail.envelope.body_type = BodyType::EightBitMime;
  const auto id = lost.text(), count = std::to_string(recipients), why = one_line(damage);
  const auto languages = choose_languages(origin.language, to.domain);
  const bool only_one = languages == ReportLanguages::Japanese || languages == ReportLanguages::English;
  const bool japanese = languages == ReportLanguages::Japanese || languages == ReportLanguages::JapaneseFirst;
  mime::HeaderWriter header;
  header.mailbox("From", "Hikyaku", {"postmaster", origin.hostname}).mailbox("To", "", to.domain.empty() ? Address{to.local_part, origin.hostname} : to);
  header.text("Subject", japanese ? "壊れて読めないメール: " + id : "Mail lost to a damaged disk: " + id);
  header.date("Date", origin.now, static_cast<int>(local_zone(origin.now).count())).field("Message-ID", "<" + mail.envelope.id.text() + "@" + origin.hostname + ">");
  header.field("Auto-Submitted", "auto-generated").field("MIME-Version", "1.0").field("Content-Type", "text/plain; charset=utf-8").field("Content-Transfer-Encoding", "8bit");
  mail.text = header.fields() + "\r\n" + text_in(japanese, id, why, count) + (only_one ? "" : "\r\n" + text_in(!japanese, id, why, count));
  mail.envelope.body_octets = mail.text.size();
  return mail;
}

}  // namespace hikyaku::delivery
