#include "services/refusals/mails.h"

#include <algorithm>

#include "base/checksum.h"
#include "base/local_zone.h"
#include "protocol/mime/header_writer.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::refusals {
namespace {

using policy::LedgerEntry;

struct Words {
  std::string_view english, japanese;
};
std::string_view say(Language language, const Words& words) { return language == Language::Japanese ? words.japanese : words.english; }

// A stranger's words: nothing that ends a line, nothing that a terminal obeys, and no more than fits.
std::string plain(std::string_view text) {
  std::string out(text.substr(0, 200));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return out;
}

// "2026-11-22 14:05"
std::string minute_text(WallTime when) {
  auto text = telemetry::stamp_text(when).substr(0, 16);
  text[10] = ' ';
  return text;
}

std::string sender_text(const LedgerEntry& entry) { return entry.key.sender.empty() ? "<>" : plain(entry.key.sender); }
std::string name_text(const LedgerEntry& entry) { return plain(entry.client_name.empty() ? entry.helo : entry.client_name); }

Words kind_words(char kind) {
  using policy::RefusalKind;
  switch (static_cast<RefusalKind>(kind)) {
    case RefusalKind::Client: return {"client (S25R, reverse name, greylist)", "クライアント(S25R、逆引き、グレイリスト)"};
    case RefusalKind::DnsList: return {"DNS list", "DNSBL"};
    case RefusalKind::Sender: return {"sender", "送信者"};
    case RefusalKind::Recipient: return {"recipient", "宛先"};
    case RefusalKind::Hello: return {"EHLO", "HELO"};
    case RefusalKind::Other: break;
  }
  return {"other", "その他"};
}

std::string interval_text(const LedgerEntry& entry, Language language) {
  if (entry.tries < 2) return {};
  const auto one = [&](std::chrono::seconds time) {
    return time < 2min ? std::to_string(time.count()) + std::string(say(language, {" s", " 秒"})) : std::to_string(time / 1min) + std::string(say(language, {" min", " 分"}));
  };
  const auto range = entry.shortest == entry.longest ? one(entry.shortest) : one(entry.shortest) + " - " + one(entry.longest);
  return std::string(say(language, {", every ", "、間隔 "})) + range;
}

std::string points_text(const policy::Likelihood& likely, Language language) {
  std::string text;
  for (const auto& point : likely.points) text += (text.empty() ? "" : "; ") + std::string(say(language, {point.why, point.why_ja})) + (point.points > 0 ? " +" : " ") + std::to_string(point.points);
  return text;
}

bool have_copies(const std::vector<Row>& rows) {
  return std::ranges::any_of(rows, [](const Row& row) { return !row.copies.empty(); });
}

// Which command brings the mail, and until when there is something to bring.
std::string copies_text(const Row& row, Language language) {
  constexpr std::size_t most_copies = 5;
  std::string text;
  for (std::size_t n = 0; n < row.copies.size() && n < most_copies; ++n) {
    const auto& copy = row.copies[n];
    text += "    " + std::string(say(language, {"an encrypted copy is here until ", "暗号化した控えあり(保管期限 "})) + minute_text(copy.until) + std::string(say(language, {": ", "): "})) + "hikyaku refusals escrow release " + copy.id + "\r\n";
  }
  if (row.copies.size() > most_copies)
    text += "    " + std::string(say(language, {"and so many more copies: ", "ほかの控え: "})) + std::to_string(row.copies.size() - most_copies) + "  (hikyaku refusals escrow list)\r\n";
  return text;
}

// One who was put off, in five lines or some more.
std::string row_text(const Row& row, const LinkFor& link, const Origin& origin, Language language) {
  const auto& entry = *row.entry;
  const char kind = static_cast<char>(entry.kind());
  std::string text = "[" + std::string(1, kind) + "] " + std::to_string(row.likely.percent) + "%  " + plain(entry.key.network) + "  " + name_text(entry) + "\r\n";
  text += "    " + sender_text(entry) + " -> " + plain(entry.key.recipient) + "\r\n";
  text += "    " + std::string(say(language, {"tries: ", "試行: "})) + std::to_string(entry.tries) + ", " + minute_text(entry.first) + " - " + minute_text(entry.last) + interval_text(entry, language) + "\r\n";
  text += "    " + std::string(say(language, {"may give up about ", "断念の見込み: "})) + minute_text(policy::may_give_up(entry, origin.now)) + "\r\n";
  text += "    " + plain(entry.rule) + ": " + plain(entry.reason) + "\r\n";
  if (const auto why = points_text(row.likely, language); !why.empty()) text += "    " + why + "\r\n";
  text += copies_text(row, language);
  const auto url = link(entry);
  if (!url.empty()) return text + "    " + std::string(say(language, {"allow or deny: ", "許可・拒否: "})) + url + "\r\n\r\n";
  return text + "    hikyaku refusals allow " + plain(entry.key.network) + "\r\n\r\n";
}

std::string header_of(const Origin& origin, const Address& to, const std::string& subject, const TraceId& id) {
  mime::HeaderWriter header;
  const Address named = to.domain.empty() ? Address{to.local_part, origin.hostname} : to;
  header.mailbox("From", "Hikyaku", {"postmaster", origin.hostname}).mailbox("To", "", named).text("Subject", subject);
  header.date("Date", origin.now, static_cast<int>(local_zone(origin.now).count())).field("Message-ID", "<" + id.text() + "@" + origin.hostname + ">");
  header.field("Auto-Submitted", "auto-generated").field("MIME-Version", "1.0").field("Content-Type", "text/plain; charset=utf-8").field("Content-Transfer-Encoding", "8bit");
  return header.fields() + "\r\n";
}

spool::GeneratedMail mail_of(const Origin& origin, const Address& to, std::string_view kind, const std::string& about, const std::string& subject, const std::string& text) {
  spool::GeneratedMail mail;
  mail.envelope.id = TraceId{origin.node, 0, 0, checksum(about)}.derived(to.text(), kind, 0);
  mail.envelope.recipients.push_back({to, "", {.never = true}});
  mail.envelope.accepted_at = origin.now;
  mail.envelope.body_type = BodyType::EightBitMime;
  mail.text = header_of(origin, to, subject, mail.envelope.id) + text;
  mail.envelope.body_octets = mail.text.size();
  return mail;
}

std::string about_of(const std::vector<Row>& rows, std::string_view kind) {
  std::string about(kind);
  for (const auto& row : rows) about += '\n' + row.entry->key.network + '\n' + row.entry->key.sender + '\n' + row.entry->key.recipient + '\n' + telemetry::day_text(row.entry->first);
  return about;
}

// Says the same in each language, one below the other.
template <class Say>
std::string in_all(const Origin& origin, Say in_one) {
  std::string text;
  for (const auto language : origin.languages) text += (text.empty() ? "" : "----\r\n\r\n") + in_one(language);
  return text;
}

}  // namespace

spool::GeneratedMail notice_mail(const std::vector<Row>& rows, const Address& to, const LinkFor& link, const Origin& origin) {
  const auto count = std::to_string(rows.size());
  const auto first = origin.languages.front();
  const auto subject = first == Language::Japanese ? "まもなく断念しそうな送信者: " + count + " 件(" + origin.hostname + ")" : "Senders about to give up: " + count + " on " + origin.hostname;
  const auto text = in_all(origin, [&](Language language) {
    std::string part(say(language, {"These senders were put off, keep trying, and are likely honest. They may soon give up, and their mail would be lost.\r\nLet in whom you know; who is let in comes with its next try.\r\n\r\n",
                                    "次の送信者は保留(4xx)されたまま再送を続けており、正当な送信者と思われます。まもなく再送を断念し、メールが届かなくなるおそれがあります。\r\n心当たりがあれば許可してください。次の再送で受信します。\r\n\r\n"}));
    if (have_copies(rows)) part += say(language, {"Where an encrypted copy is here, the command beside it delivers the mail at once.\r\n\r\n", "暗号化した控えがあるものは、併記のコマンドですぐに配送できます。\r\n\r\n"});
    for (const auto& row : rows) part += row_text(row, link, origin, language);
    return part;
  });
  return mail_of(origin, to, "refusal notice", about_of(rows, "notice"), subject, text);
}

std::optional<spool::GeneratedMail> digest_mail(const DigestRows& found, const ForGood& refused, const DigestPeriod& period, const Address& to, const LinkFor& link, const Origin& origin) {
  if (found.rows.empty()) return std::nullopt;
  const auto count = std::to_string(found.rows.size() + found.left_out);
  const auto first = origin.languages.front();
  const auto subject = first == Language::Japanese ? "保留した送信者: " + count + " 件(" + origin.hostname + ")" : "Put off: " + count + " senders on " + origin.hostname;
  const auto text = in_all(origin, [&](Language language) {
    std::string part = minute_text(period.from) + " - " + minute_text(period.until) + "\r\n\r\n";
    part += say(language, {"Put off (4xx) and not come in since, likely honest ones first:\r\n\r\n", "保留(4xx)したまま受信していない送信者(正当らしい順):\r\n\r\n"});
    for (const auto& row : found.rows) part += row_text(row, link, origin, language);
    if (found.left_out > 0) part += say(language, {"and so many more: ", "ほかに: "}), part += std::to_string(found.left_out) + "  (hikyaku refusals list)\r\n\r\n";
    if (!refused.by_kind.empty()) part += say(language, {"Recipients refused for good (5xx) in that time:\r\n", "この間に拒否(5xx)した宛先の数:\r\n"});
    for (const auto& [kind, times] : refused.by_kind) part += "    [" + std::string(1, kind) + "] " + std::string(say(language, kind_words(kind))) + ": " + std::to_string(times) + "\r\n";
    part += say(language, {"\r\nKinds: ", "\r\n種別: "});
    for (const char kind : {'C', 'B', 'S', 'R', 'H', 'O'}) part += std::string(kind == 'C' ? "" : ", ") + kind + " " + std::string(say(language, kind_words(kind)));
    return part + "\r\n";
  });
  return mail_of(origin, to, "refusal digest", "digest " + minute_text(period.until), subject, text);
}

namespace {

constexpr Words without_copies{"The mail itself is not here.\r\nIf you know the sender, ask for it again, and tell your postmaster, who can let the sender in.\r\n\r\n",
                               "メールはこのサーバにはありません。\r\n心当たりがあれば、送信者に再送を依頼し、管理者(postmaster)に許可を依頼してください。\r\n\r\n"};
constexpr Words with_copies{"The mail was not delivered.\r\nIf you know the sender, ask your postmaster to let the sender in and, where an encrypted copy is here, to deliver it to you by the command beside it; ask the sender again for what has no copy.\r\n\r\n",
                            "メールは配送していません。\r\n心当たりがあれば、管理者(postmaster)に送信者の許可を依頼してください。暗号化した控えがあるものは、併記のコマンドによる配送も依頼できます。控えのないものは、送信者に再送を依頼してください。\r\n\r\n"};

}  // namespace

spool::GeneratedMail given_up_mail(const std::vector<Row>& rows, const Address& to, const Origin& origin) {
  const bool japanese = origin.languages.front() == Language::Japanese;
  const auto subject = japanese ? std::string("届かなかったメールがあるようです") : std::string("Mail that probably did not reach you");
  const auto text = in_all(origin, [&](Language language) {
    std::string part(say(language, {"Somebody tried to send you mail, was asked to try again later (as protection from spam), and has stopped trying. ",
                                    "次の送信者があなた宛のメールを送ろうとしましたが、迷惑メール対策により後で再送するよう求められ、その後再送をやめました。"}));
    part += have_copies(rows) ? say(language, with_copies) : say(language, without_copies);
    for (std::size_t n = 0; n < rows.size() && n < most_rows_to_recipient; ++n) {
      const auto& entry = *rows[n].entry;
      part += "    " + std::string(say(language, {"from: ", "送信者: "})) + sender_text(entry) + "\r\n";
      part += "    " + std::string(say(language, {"tried: ", "送信の試み: "})) + minute_text(entry.first) + " - " + minute_text(entry.last) + " (" + std::to_string(entry.tries) + std::string(say(language, {" times)", " 回)"})) + "\r\n";
      part += "    " + std::string(say(language, {"server: ", "送信元サーバ: "})) + name_text(entry) + " (" + plain(entry.key.network) + ")\r\n" + copies_text(rows[n], language) + "\r\n";
    }
    if (rows.size() > most_rows_to_recipient) part += say(language, {"and so many more: ", "ほかに: "}), part += std::to_string(rows.size() - most_rows_to_recipient) + "\r\n\r\n";
    return part;
  });
  return mail_of(origin, to, "sender has given up", about_of(rows, "given up"), subject, text);
}

}  // namespace hikyaku::refusals
