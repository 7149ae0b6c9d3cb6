// How domains, accounts and addresses are written on the command line and in its listings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cli/command.h"
#include "services/directory/alias_check.h"
#include "services/directory/directory.h"
#include "services/directory/error.h"
#include "services/directory/types.h"
#include "services/mailboxes/types.h"
#include "services/telemetry/json_writer.h"

namespace hikyaku::cli {

[[nodiscard]] std::string_view domain_kind_name(directory::DomainKind kind);  // "local", "relay", "pass-unknown"
[[nodiscard]] std::optional<directory::DomainKind> domain_kind(std::string_view name);

// `suspension`: that is in force; null: none. `used`: what its mail takes; null: not looked at.
void write_account(telemetry::JsonWriter& json, const directory::Account& account, const directory::Suspension* suspension, const mailboxes::QuotaUsage* used = nullptr);
// "admin, no POP3", what is not as usual.
[[nodiscard]] std::string account_notes(const Invocation& call, const directory::Account& account);

// Of an account; an object.
void write_suspension(telemetry::JsonWriter& json, const directory::Suspension& suspension);

// What a person typed, or a refusal that says what would be right.
[[nodiscard]] directory::DirectoryResult<Address> wanted_address(std::string_view text);

// What the address names, or the refusal that it is not there. Never null; lives as long as the snapshot.
[[nodiscard]] directory::DirectoryResult<const directory::Account*> wanted_account(const directory::Snapshot& directory, std::string_view address);
[[nodiscard]] directory::DirectoryResult<const directory::MailingList*> wanted_list(const directory::Snapshot& directory, std::string_view address);
[[nodiscard]] std::string joined(const std::vector<std::string>& texts);  // "a, b"

// The rows of a text that are neither empty nor comments ("#"), with their line numbers.
struct TextRow {
  std::size_t line = 0;
  std::string_view text;
};
[[nodiscard]] std::vector<TextRow> text_rows(std::string_view text);

// The targets of an alias that get no mail, as a person reads it: "x@a.example (no account)". Empty: none.
[[nodiscard]] std::string lost_targets_text(const Invocation& call, const std::vector<directory::LostTarget>& lost);
[[nodiscard]] std::string way_text(const directory::AliasTrouble& trouble);  // "a@a.example -> b@a.example -> a@a.example"
// "the alias a@a.example leads back to itself: " and that way.
[[nodiscard]] std::string loop_text(const Invocation& call, const directory::AliasTrouble& loop);
// Tells whoever set an alias of the loop that it is part of. Silent with --json, and when there is none. Linear in all aliases.
void warn_of_loops(const Invocation& call, const directory::Snapshot& directory, const std::string& pattern);
// Tells whoever set an alias, a forward or a list which of its targets get no mail. Silent with --json, and when all do.
void warn_of_lost_targets(const Invocation& call, const std::vector<directory::LostTarget>& lost);

}  // namespace hikyaku::cli
