#include "apps/cli/route/steps.h"

#include "io/socket_address.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {
namespace {

using Finding = delivery::PlanStep::Finding;

struct Known {
  Finding finding;
  std::string_view code;  // in JSON
  Words before, after;    // around the subject
};

const std::vector<Known>& known_findings() {
  static const std::vector<Known> all{
      {Finding::NoAlias, "no-alias", {"no alias has this address", "この宛先のエイリアスはない"}, {"", ""}},
      {Finding::Alias, "alias", {"the alias ", "エイリアス "}, {" leads on", " に当たり、その先へ進む"}},
      {Finding::AliasesDone, "aliases-done", {"an alias led here; aliases are not asked again", "エイリアスの行き先なので、もう参照しない"}, {"", ""}},
      {Finding::NotOurs, "not-local", {"", ""}, {" is no domain of this server", " はこのサーバの内部ドメインではない"}},
      {Finding::RelayDomain, "relay-domain", {"", ""}, {" is a relay domain: its accounts are on another server", " は中継ドメインで、アカウントは別のサーバにある"}},
      {Finding::ForwardAll, "forward-all", {"skipped for ", ""}, {": all received mail is forwarded", " は内部ドメインだが、全受信メール転送がオンなので省く"}},
      {Finding::Account, "account", {"the account ", "アカウント "}, {" is here: its mailbox", " のメールボックスへ配送する"}},
      {Finding::NoAccountPassedOn, "passed-on", {"no such account, and unknown users of ", "該当アカウントはなく、"}, {" are passed on", " の不明な宛先は先へ送る設定"}},
      {Finding::NoAccount, "unknown-user", {"there is neither account nor alias ", "アカウントもエイリアスもない: "}, {": refused (5.1.1)", "。拒否(5.1.1)"}},
      {Finding::AccountDisabled, "disabled", {"the account of ", ""}, {" is disabled: refused (5.2.1)", " のアカウントは無効。拒否(5.2.1)"}},
      {Finding::BadDomain, "bad-domain", {"mail cannot be sent to the name ", "メールを送れないドメイン名: "}, {": refused (5.1.2)", "。拒否(5.1.2)"}},
      {Finding::Rewritten, "rewritten", {"a bounce for a sender whose address was rewritten: ", "書き換えた差出人へのエラーメール: "}, {"", ""}},
      {Finding::RewrittenRefused, "rewritten-refused", {"a rewritten sender's address that was not made here, or is too old: ", "ここで作られていないか、古すぎる書き換えアドレス: "}, {"", ""}},
      {Finding::Forward, "forward", {"the forward of ", ""}, {" leads on", " の転送設定に従い、その先へ進む"}},
      {Finding::ForwardNotForSender, "forward-not-for-sender", {"the forward of ", ""}, {" is for other senders: the mail stays in its mailbox", " の転送はほかの差出人だけが対象なので、メールボックスに残す"}},
      {Finding::ForwardLoop, "forward-loop", {"the forwards lead to ", "転送先が再び "}, {" again: followed once only", " に戻るので、二度はたどらない"}},
      {Finding::List, "list", {"the mailing list ", "メーリングリスト "}, {": a copy to each member", " のメンバー全員に配送する"}},
      {Finding::ListModerated, "list-moderated", {"the mailing list ", "メーリングリスト "}, {" is moderated, and this sender is no moderator: to the moderators", " は承認制で、差出人は承認者ではないため、承認者へ送る"}},
      {Finding::ListOwners, "list-owners", {"mail without a sender to the mailing list ", "差出人が空のメールなので、メーリングリスト "}, {" goes to its owners", " の管理者へ送る"}},
      {Finding::ListRefused, "list-refused", {"this sender may not post to the mailing list ", "この差出人はメーリングリスト "}, {": refused (5.7.2)", " に投稿できない。拒否(5.7.2)"}},
      {Finding::NoRow, "no-row", {"no row of the route table matches", "経路表に一致する行はない"}, {"", ""}},
      {Finding::Row, "row", {"row ", "行 "}, {" matches", " に一致"}},
      {Finding::RowMeansDns, "dns", {"it names the DNS server: by hosts and DNS: ", "DNS サーバを指すので hosts と DNS に従う: "}, {"", ""}},
      {Finding::RowFallback, "fallback", {"its hosts have failed often enough; the fallback takes over: ", "失敗が続いたため予備の中継先を使う: "}, {"", ""}},
      {Finding::NoGateway, "no-gateway", {"there is no global gateway", "SMTP ゲートウェイの指定はない"}, {"", ""}},
      {Finding::Gateway, "gateway", {"the global gateway: ", "SMTP ゲートウェイ: "}, {"", ""}},
      {Finding::AddressLiteral, "address-literal", {"the address names its host itself: ", "宛先がホストを直接示している: "}, {"", ""}},
      {Finding::HostsThenMx, "hosts-then-mx", {"if the hosts file has ", "hosts ファイルに "}, {", that address; else (6) its MX, or without one its A and AAAA", " があればそのアドレス。なければ (6) MX、MX がなければ A と AAAA"}}};
  return all;
}

const Known& known(Finding finding) {
  for (const auto& one : known_findings())
    if (one.finding == finding) return one;
  return known_findings().front();
}

std::string sentence(const Invocation& call, const delivery::PlanStep& step) {
  const auto& words = known(step.finding);
  std::string subject = step.subject;
  if (step.finding == Finding::Row) subject = std::to_string(step.row) + " (" + subject + ")";
  return std::string(call.say(words.before)) + subject + std::string(call.say(words.after));
}

// Of a next hop: what the hosts files say of its name today.
std::string hosts_say(const Invocation& call, const RouteExplanation& one) {
  if (!std::holds_alternative<delivery::ToNextHop>(one.plan)) return {};
  std::string all;
  for (const auto& address : one.fixed) all += (all.empty() ? "" : ", ") + address;
  const auto& name = std::get<delivery::ToNextHop>(one.plan).hop.name;
  if (name.starts_with('[') || io::IpAddress::parse(name)) return {};
  if (all.empty()) return name + std::string(call.say({" is not in the hosts files: DNS is asked", " は hosts ファイルにない。DNS に問い合わせる"}));
  return std::string(call.say({"the hosts files have ", "hosts ファイルにある: "})) + name + ": " + all;
}

std::string outcome(const Invocation& call, const delivery::RecipientPlan& plan) {
  if (const auto* mailbox = std::get_if<delivery::ToMailbox>(&plan))
    return std::string(call.say({"to the mailbox of ", "メールボックスへ: "})) + mailbox->target.address.text();
  if (const auto* hop = std::get_if<delivery::ToNextHop>(&plan))
    return std::string(call.say({"to the next hop ", "次の配送先: "})) + hop->hop.key();
  if (const auto* targets = std::get_if<delivery::ToTargets>(&plan)) {
    std::string list;
    for (const auto& target : targets->targets) list += (list.empty() ? "" : ", ") + target.text();
    return std::string(call.say({"one new mail to ", "新しい 1 通として配送: "})) + list;
  }
  if (const auto* forwards = std::get_if<delivery::ToForwards>(&plan)) {
    std::string list;
    for (const auto* part : {&forwards->mailboxes, &forwards->targets})
      for (const auto& address : *part) list += (list.empty() ? "" : ", ") + address.text();
    return std::string(call.say({"forwarded to ", "転送先: "})) + list;
  }
  if (const auto* list = std::get_if<delivery::ToList>(&plan)) return std::string(call.say({"new mail by the list ", "メーリングリストとして配送: "})) + list->list;
  return std::string(call.say({"returned to the sender: ", "差出人に返す: "})) + std::get<delivery::CannotDeliver>(plan).explanation;
}

}  // namespace

std::string explanation_text(const Invocation& call, const std::vector<RouteExplanation>& all) {
  std::string text;
  for (const auto& one : all) {
    text += one.recipient.text() + '\n';
    for (const auto& step : one.steps) text += "  (" + std::to_string(step.step) + ") " + sentence(call, step) + '\n';
    if (const auto said = hosts_say(call, one); !said.empty()) text += "      " + said + '\n';
    if (one.tls)
      for (const auto& line : outlook_lines(call, *one.tls)) text += "      " + line + '\n';
    text += "  => " + outcome(call, one.plan) + '\n';
  }
  if (!text.empty()) text.pop_back();
  return text;
}

std::string explanation_json(const Invocation& call, const std::vector<RouteExplanation>& all) {
  telemetry::JsonWriter json;
  json.array();
  for (const auto& one : all) {
    json.object().member("recipient", one.recipient.text()).key("steps").array();
    for (const auto& step : one.steps) {
      json.object().member("step", std::uint64_t{step.step}).member("finding", known(step.finding).code).member("subject", step.subject);
      if (step.finding == Finding::Row) json.member("row", std::uint64_t{step.row});
      json.member("text", sentence(call, step)).end_object();
    }
    json.end_array();
    if (const auto* hop = std::get_if<delivery::ToNextHop>(&one.plan)) json.member("destination", hop->hop.key()).member("hosts_files", hosts_say(call, one));
    if (one.tls) add_outlook(json, *one.tls);
    json.member("outcome", outcome(call, one.plan)).end_object();
  }
  return json.end_array().take();
}

}  // namespace hikyaku::cli
