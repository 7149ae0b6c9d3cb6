#include "apps/cli/access/directory_text.h"

#include <algorithm>

#include "base/cursor.h"
#include "services/directory/address_text.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

using directory::DirectoryFailure;
using directory::DomainKind;
using directory::Enabled;

std::string_view domain_kind_name(DomainKind kind) {
  switch (kind) {
    case DomainKind::Local: return "local";
    case DomainKind::Relay: return "relay";
    case DomainKind::LocalPassUnknown: return "pass-unknown";
  }
  return "local";
}

std::optional<DomainKind> domain_kind(std::string_view name) {
  for (const auto kind : {DomainKind::Local, DomainKind::Relay, DomainKind::LocalPassUnknown})
    if (domain_kind_name(kind) == name) return kind;
  return std::nullopt;
}

void write_suspension(telemetry::JsonWriter& json, const directory::Suspension& one) {
  json.object().member("since", telemetry::stamp_text(one.since)).member("by", one.by).member("reason", one.why).member("hold", one.hold).end_object();
}

void write_account(telemetry::JsonWriter& json, const directory::Account& account, const directory::Suspension* suspension, const mailboxes::QuotaUsage* used) {
  json.object().member("address", account.address.text()).member("name", account.full_name).member("quota_octets", account.quota_octets);
  json.flag("enabled", account.enabled == Enabled::Yes).flag("admin", account.admin == Enabled::Yes).flag("pop3", account.pop3 == Enabled::Yes);
  json.flag("imap", account.imap == Enabled::Yes).flag("smtp", account.smtp_auth == Enabled::Yes);
  if (used != nullptr) json.member("used_octets", used->octets).member("used_messages", used->messages);
  if (suspension != nullptr) write_suspension(json.key("suspended"), *suspension);
  json.end_object();
}

std::string account_notes(const Invocation& call, const directory::Account& account) {
  std::string out;
  const auto note = [&](bool holds, const Words& words) {
    if (holds) out += (out.empty() ? "" : ", ") + std::string(call.say(words));
  };
  note(account.enabled == Enabled::No, {"disabled", "無効"});
  note(account.admin == Enabled::Yes, {"admin", "管理者"});
  note(account.pop3 == Enabled::No, {"no POP3", "POP3 不可"});
  note(account.imap == Enabled::No, {"no IMAP", "IMAP 不可"});
  note(account.smtp_auth == Enabled::No, {"no sending", "送信不可"});
  return out;
}

directory::DirectoryResult<Address> wanted_address(std::string_view text) {
  if (auto address = directory::parse_address(text)) return *address;
  return directory::refuse(DirectoryFailure::BadValue, "\"" + std::string(text) + "\" is no address; write name@domain.");
}

directory::DirectoryResult<const directory::Account*> wanted_account(const directory::Snapshot& directory, std::string_view text) {
  TRY(address, wanted_address(text));
  if (const auto* account = directory.account(address)) return account;
  return directory::refuse(DirectoryFailure::NotFound, "There is no account " + address.text() + "; see: hikyaku account list");
}

directory::DirectoryResult<const directory::MailingList*> wanted_list(const directory::Snapshot& directory, std::string_view text) {
  TRY(address, wanted_address(text));
  if (const auto* list = directory.list(address)) return list;
  return directory::refuse(DirectoryFailure::NotFound, "There is no list " + address.text() + "; see: hikyaku list list");
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

std::vector<TextRow> text_rows(std::string_view text) {
  std::vector<TextRow> rows;
  Cursor in(text);
  for (std::size_t line = 1; !in.at_end(); ++line) {
    auto row = in.take_while([](char c) { return c != '\n'; });
    in.take('\n');
    if (row.ends_with('\r')) row.remove_suffix(1);
    if (!row.empty() && row.front() != '#') rows.push_back({line, row});
  }
  return rows;
}

std::string lost_targets_text(const Invocation& call, const std::vector<directory::LostTarget>& lost) {
  using Why = directory::LostTarget::Why;
  std::string text;
  for (const auto& one : lost) {
    const Words why = one.why == Why::NoAccount  ? Words{"no account", "アカウントなし"}
                      : one.why == Why::Disabled ? Words{"disabled", "無効"}
                      : one.why == Why::Loop     ? Words{"leads back: a loop", "循環"}
                                                 : Words{"no such domain", "配送できないドメイン"};
    text += (text.empty() ? "" : ", ") + one.target + " (" + std::string(call.say(why)) + ")";
  }
  return text;
}

std::string way_text(const directory::AliasTrouble& trouble) {
  std::string way;
  for (const auto& step : trouble.way) way += (way.empty() ? "" : " -> ") + step;
  return way;
}

std::string loop_text(const Invocation& call, const directory::AliasTrouble& loop) {
  return std::string(call.say({"the alias ", "別名 "})) + loop.alias + std::string(call.say({" leads back to itself: ", " は自分自身に戻る: "})) + way_text(loop);
}

void warn_of_loops(const Invocation& call, const directory::Snapshot& directory, const std::string& pattern) {
  if (call.json) return;
  for (const auto& trouble : directory::check_aliases(directory))
    if (trouble.kind == directory::AliasTrouble::Kind::Loop && std::ranges::find(trouble.way, pattern) != trouble.way.end())
      call.print(std::string(call.say({"Note: ", "注意: "})) + loop_text(call, trouble) +
                 std::string(call.say({". Mail reaches only the other targets on that way; an address without one is refused.", "。メールはその途中のほかの転送先にだけ届く。ほかの転送先のない宛先は拒否する。"})));
}

void warn_of_lost_targets(const Invocation& call, const std::vector<directory::LostTarget>& lost) {
  if (lost.empty() || call.json) return;
  call.print(std::string(call.say({"Note: these targets get no mail: ", "注意: 次の転送先にはメールが届かない: "})) + lost_targets_text(call, lost));
}

}  // namespace hikyaku::cli
