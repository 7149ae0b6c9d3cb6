#include "services/delivery/report/report_text.h"

#include <algorithm>
#include <tuple>

#include "base/cursor.h"
#include "protocol/mime/charset.h"
#include "protocol/mime/date.h"
#include "protocol/mime/encoded_word.h"
#include "protocol/mime/header.h"
#include "services/delivery/report/failure_cause.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t most_recipients_named = 100;
constexpr std::size_t most_reply_octets = 2'000;

struct Sentences {
  BothLanguages subject, opening, outlook;
};

const Sentences& sentences(Action action) {
  static constexpr Sentences failed{
      {"Undelivered mail", "メールを配送できませんでした"},
      {"Your message could not be delivered to the recipients below.", "あなたのメールは、次の宛先に届きませんでした。"},
      {"It will not be tried again.", "このメールの再送は、もう行われません。"}};
  static constexpr Sentences delayed{
      {"Delayed mail (still being tried)", "メールの配送が遅れています(再送中)"},
      {"Your message has not been delivered to the recipients below yet.", "あなたのメールは、次の宛先にまだ届いていません。"},
      {"Delivery is still being tried; you need not send it again.", "配送は引き続き試みられます。送り直す必要はありません。"}};
  static constexpr Sentences done{
      {"Delivery report", "配送の通知"},
      {"This is the delivery report you asked for.", "ご依頼のあった、配送の通知です。"},
      {"", ""}};
  if (action == Action::Failed) return failed;
  return action == Action::Delayed ? delayed : done;
}

BothLanguages success_words(Action action) {
  switch (action) {
    case Action::Delivered: return {"delivered into the mailbox", "メールボックスに届きました"};
    case Action::Relayed:
      return {"passed to the server named below, which sends no delivery reports: none will follow",
              "次のサーバに渡しました。そのサーバは配送の通知を返さないため、以後の通知はありません"};
    case Action::Expanded: return {"passed on to the members of this alias or list", "この別名またはリストの宛先に転送しました"};
    case Action::Failed:
    case Action::Delayed: break;
  }
  return {};
}

enum class Language : std::uint8_t { English, Japanese };

class TextWriter {
 public:
  TextWriter(const ReportRequest& request, Language language) : request_(request), language_(language) {}
  std::string write();

 private:
  [[nodiscard]] std::string_view in(BothLanguages words) const { return language_ == Language::Japanese ? words.ja : words.en; }
  void line(std::string_view text = "") { out_.append(text).append("\r\n"); }
  void labelled(BothLanguages label, std::string_view text) {
    out_.append("  ").append(in(label)).append(": ").append(text).append("\r\n");
  }
  [[nodiscard]] std::string time(WallTime when) const { return mime::print_date(when, request_.zone_minutes); }
  void write_original();
  void write_group(std::span<const RecipientReport* const> group);
  void write_failure(const RecipientReport& first);

  const ReportRequest& request_;
  Language language_;
  std::string out_;
};

// What stands together: recipients with the same fate for the same reason.
auto reason(const RecipientReport& one) {
  return std::tie(one.action, one.status, one.diagnostic, one.explanation, one.remote_mta);
}

std::vector<std::vector<const RecipientReport*>> in_groups(const std::vector<RecipientReport>& recipients) {
  std::vector<const RecipientReport*> sorted;
  for (const auto& one : recipients) sorted.push_back(&one);
  std::ranges::sort(sorted, [](const auto* a, const auto* b) {
    return reason(*a) != reason(*b) ? reason(*a) < reason(*b) : std::less<>{}(a, b);  // in the order they were given
  });
  std::vector<std::vector<const RecipientReport*>> groups;
  for (const auto* one : sorted) {
    if (groups.empty() || reason(*groups.back().front()) != reason(*one)) groups.emplace_back();
    groups.back().push_back(one);
  }
  return groups;
}

std::string header_text(std::string_view header, std::string_view name) {
  const auto field = mime::find_field(header, name);
  if (!field) return {};
  mime::TextStore store;
  return one_line(mime::decode_header_text(mime::unfold(field->value, store)), 200);
}

// What the sender knows the message by.
void TextWriter::write_original() {
  const auto header = request_.original_text.substr(0, mime::header_octets(request_.original_text));
  for (const auto& [name, label] : {std::pair<std::string_view, BothLanguages>{"Subject", {"Subject", "件名"}},
                                    {"Date", {"Date", "日時"}}, {"Message-ID", {"Message-ID", "Message-ID"}}})
    if (const auto text = header_text(header, name); !text.empty()) labelled(label, text);
  labelled({"Accepted", "受付"}, time(request_.original.accepted_at));
  labelled({"Number here", "管理番号"}, request_.original.id.text());
}

void TextWriter::write_failure(const RecipientReport& first) {
  const auto& cause = cause_of(first.status, first.diagnostic, first.failure);
  labelled({"Cause", "原因"}, in(cause.cause));
  // Of a delay nobody need do anything yet.
  if (first.action == Action::Failed) {
    labelled({"Who must act", "対応する人"}, in(words(cause.who)));
    labelled({"What to do", "すること"}, in(cause.advice));
  } else if (first.will_retry_until) {
    labelled({"Tried until", "再送の期限"}, time(*first.will_retry_until));
  }
}

void TextWriter::write_group(std::span<const RecipientReport* const> group) {
  const auto& first = *group.front();
  line();
  for (const auto* one : group.first(std::min(group.size(), most_recipients_named)))
    line("<" + one_line(one->recipient.address.text(), 400) + ">");
  if (group.size() > most_recipients_named)
    line(language_ == Language::Japanese ? "ほか " + std::to_string(group.size() - most_recipients_named) + " 件"
                                         : "and " + std::to_string(group.size() - most_recipients_named) + " more");
  if (first.action == Action::Failed || first.action == Action::Delayed) write_failure(first);
  else labelled({"Outcome", "結果"}, in(success_words(first.action)));
  if (!first.remote_mta.empty()) labelled({"Server", "相手サーバ"}, one_line(first.remote_mta, 300));
  if (!first.diagnostic.empty()) {
    line(language_ == Language::Japanese ? "  応答(原文):" : "  Its words:");
    line("    " + one_line(first.diagnostic, most_reply_octets));
  }
  if (!first.explanation.empty()) labelled({"Details", "詳細"}, one_line(first.explanation, most_reply_octets));
}

std::string TextWriter::write() {
  const auto& text = sentences(gravest_action(request_.recipients));
  line(language_ == Language::Japanese ? "メールサーバ " + std::string(request_.reporting_mta) + " からのお知らせです。"
                                       : "This is the mail server " + std::string(request_.reporting_mta) + ".");
  line();
  line(in(text.opening));
  if (!in(text.outlook).empty()) line(in(text.outlook));
  line();
  write_original();
  std::size_t named = 0, left = request_.recipients.size();
  for (const auto& group : in_groups(request_.recipients)) {
    if (named >= most_recipients_named) break;
    write_group(group);
    named += group.size();
    left -= group.size();
  }
  if (left > 0) {
    line();
    line(language_ == Language::Japanese ? "ほかに " + std::to_string(left) + " 件の宛先があります。すべて添付の配送状況に記されています。"
                                         : "There are " + std::to_string(left) + " more recipients; the attached delivery status names them all.");
  }
  return std::move(out_);
}

constexpr std::string_view rule = "----------------------------------------------------------------\r\n";

}  // namespace

std::string one_line(std::string_view text, std::size_t limit) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    std::size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    const auto character = text.substr(at, length);
    const bool whole = length > 0 && character.size() == length && (length == 1 || mime::is_valid_utf8(character));
    if (out.size() + std::max<std::size_t>(length, 1) > limit) break;
    if (!whole) out += '?';
    else if (length == 1) out += is_ctl(text[at]) ? ' ' : text[at];
    else out += character;
    at += whole ? length : 1;
  }
  return out;
}

Action gravest_action(const std::vector<RecipientReport>& recipients) {
  Action gravest = Action::Expanded;
  for (const auto& one : recipients) gravest = std::min(gravest, one.action);
  return gravest;
}

std::string report_text(const ReportRequest& request) {
  const auto part = [&](Language language) { return TextWriter(request, language).write(); };
  switch (request.languages) {
    case ReportLanguages::Japanese: return part(Language::Japanese);
    case ReportLanguages::English: return part(Language::English);
    case ReportLanguages::JapaneseFirst:
      return "(English follows)\r\n\r\n" + part(Language::Japanese) + "\r\n" + std::string(rule) + "\r\n" + part(Language::English);
    case ReportLanguages::EnglishFirst:
      return "(日本語は英文の後にあります)\r\n\r\n" + part(Language::English) + "\r\n" + std::string(rule) + "\r\n" + part(Language::Japanese);
  }
  return {};
}

std::string report_subject(const ReportRequest& request) {
  const auto& subject = sentences(gravest_action(request.recipients)).subject;
  std::string whom = " <" + one_line(request.recipients.front().recipient.address.text(), 120) + ">";
  if (const auto others = request.recipients.size() - 1; others > 0) whom += " +" + std::to_string(others);
  switch (request.languages) {
    case ReportLanguages::English:
    case ReportLanguages::EnglishFirst: return std::string(subject.en) + whom;
    case ReportLanguages::Japanese: return std::string(subject.ja) + whom;
    case ReportLanguages::JapaneseFirst: return std::string(subject.ja) + whom + " (" + std::string(subject.en) + ")";
  }
  return {};
}

}  // namespace hikyaku::delivery
