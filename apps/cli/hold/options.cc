#include "apps/cli/hold/options.h"

#include "apps/cli/access/operator_log.h"
#include "apps/cli/value.h"
#include "base/cursor.h"

namespace hikyaku::cli {
namespace {

using directory::HoldScope;

struct Selector {
  std::string_view option;
  HoldScope scope;
};
constexpr Selector selectors[] = {{"--destination", HoldScope::Destination}, {"--route", HoldScope::Route}, {"--sender", HoldScope::Sender}, {"--account", HoldScope::Account}, {"--sent-by", HoldScope::SentBy}};

}  // namespace

std::vector<Option> selector_options() {
  return {{"--destination", OptionKind::Value, {"mail for this domain (a.example, *.a.example) or next host", "このドメイン(a.example、*.a.example)または相手ホスト宛て"}},
          {"--route", OptionKind::Value, {"mail that goes by this host of the route table", "経路表のこのホストを通るメール"}},
          {"--sender", OptionKind::Value, {"mail from this address or domain; <> for error mails", "この送信者アドレスまたはドメイン。<> はエラーメール"}},
          {"--account", OptionKind::Value, {"mail for this account's mailbox, and what it sends after logging in", "このアカウント宛て、およびログインして送るメール"}},
          {"--sent-by", OptionKind::Value, {"only what this account sends after logging in", "このアカウントがログインして送るメールだけ"}},
          {"--all", OptionKind::Flag, {"all mail", "すべてのメール"}}};
}

std::vector<Option> term_options() {
  return {{"--reason", OptionKind::Value, {"why, for whoever looks at the queue later", "理由(後でキューを見る人のために)"}},
          {"--owner", OptionKind::Value, {"whose order; otherwise who gives the command", "実施者。省くとコマンドの実行者"}},
          value_option("--start", Takes::Time, {"18:00, \"2026-11-25 18:00\", +3h; otherwise now", "開始。18:00、\"2026-11-25 18:00\"、+3h など。省くと今"}),
          value_option("--end", Takes::TimeOrOpen, {"the same, or open; otherwise until it is released", "終了。同様に指定するか open。省くと解除まで"}),
          {"--action", OptionKind::Value, {"what becomes of new mail: keep (usual), refuse (451 at RCPT), other-route", "新着の扱い: keep(保管、既定)、refuse(451 で断る)、other-route(別経路)"}, {"keep", "refuse", "other-route"}, true},
          {"--other-route", OptionKind::Value, {"HOST:PORT that new mail goes to", "新着を送る HOST:PORT"}}};
}

std::optional<directory::Hold> hold_of(Invocation& call, WallTime now) {
  directory::Hold hold;
  int chosen = call.has("--all") ? 1 : 0;
  if (call.has("--all")) hold.scope = HoldScope::All;
  for (const auto& selector : selectors) {
    if (!call.has(selector.option)) continue;
    ++chosen;
    hold.scope = selector.scope;
    hold.pattern = call.value(selector.option);
  }
  if (chosen != 1)
    return call.fail(Words{"which mail? Remedy: give one of --destination, --route, --sender, --account, --sent-by, --all.",
                           "どのメールか、--destination、--route、--sender、--account、--sent-by、--all のどれか一つで指定する。"}), std::nullopt;
  const auto change = change_of(call, now);
  if (!change) return std::nullopt;
  hold.reason = change->reason.value_or("");
  hold.owner = change->owner.value_or(calling_user());
  hold.start = change->start.value_or(now);
  hold.end = change->end.value_or(WallTime::max());
  hold.other_route = change->other_route.value_or("");
  hold.action = change->action.value_or(hold.other_route.empty() ? directory::HoldAction::Keep : directory::HoldAction::OtherRoute);
  auto pattern = directory::normal_hold_pattern(hold.scope, hold.pattern);
  if (!pattern) return call.fail(pattern.error()), std::nullopt;
  hold.pattern = std::move(*pattern);
  return hold;
}

std::optional<directory::Editor::HoldChange> change_of(Invocation& call, WallTime now) {
  directory::Editor::HoldChange change;
  change.start = time_of(call, "--start", now), change.end = time_of(call, "--end", now);
  if (call.has("--reason")) change.reason = call.value("--reason");
  if (call.has("--owner")) change.owner = call.value("--owner");
  if (call.has("--other-route")) change.other_route = call.value("--other-route");
  if (call.has("--action")) change.action = directory::parse_action(call.value("--action"));
  return change;
}

std::optional<std::uint64_t> hold_id(Invocation& call) {
  const auto text = call.value("ID");
  Cursor in(text);
  const auto id = parse_number(in, UINT32_MAX);
  if (id && in.at_end()) return *id;
  return call.fail("\"" + text + "\" is no hold's number. Remedy: hikyaku hold list shows them."), std::nullopt;
}

}  // namespace hikyaku::cli
