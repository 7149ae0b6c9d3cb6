// Relay domains' recipients, as the editor changes them.
#include <algorithm>
#include <span>

#include "services/directory/address_text.h"
#include "services/directory/editor.h"
#include "services/directory/relay_recipients.h"
#include "services/directory/rows.h"

namespace hikyaku::directory {
namespace {

DirectoryResult<const Domain*> inner_domain(const Snapshot& snapshot, std::string_view name) {
  const auto* domain = snapshot.domain(name);
  if (!domain) return refuse(DirectoryFailure::NotFound, "There is no domain " + std::string(name) + "; add it with: hikyaku domain add --relay " + std::string(name));
  if (domain->kind == DomainKind::Local)
    return refuse(DirectoryFailure::BadValue, domain->name + " is a local domain: its users are its accounts and aliases; see: hikyaku account list");
  return domain;
}

std::size_t listed_of(const Snapshot& snapshot, const std::string& domain) { return snapshot.relay_recipients(domain).size(); }

// Of one user, a row for each source.
std::span<const RelayRecipient> rows_of(std::span<const RelayRecipient> listed, std::string_view local_part) {
  const auto found = std::ranges::equal_range(listed, local_part, {}, [](const RelayRecipient& one) { return std::string_view(one.local_part); });
  return {found.begin(), found.end()};
}

}  // namespace

DirectoryResult<> Editor::set_recipient_check(std::string_view name, RecipientCheck check) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY(domain, inner_domain(snapshot, name));
    if (check == RecipientCheck::List && listed_of(snapshot, domain->name) == 0)
      return refuse(DirectoryFailure::BadValue, "The list of " + domain->name + " is empty, and all its mail would be refused; import it first: hikyaku domain recipients import " + domain->name + " FILE");
    Domain changed = *domain;
    changed.recipients = check;
    return Changes{storage::Put{rows::domain_key(changed.name), rows::encode(changed)}};
  });
}

DirectoryResult<Editor::MembersChanged> Editor::add_relay_recipients(std::string_view name, const std::vector<std::string>& addresses, const std::string& source, WallTime now, Run run) {
  if (source.empty() || source.size() > longest_recipient_source || std::ranges::any_of(source, [](char c) { return static_cast<unsigned char>(c) < ' '; }))
    return refuse(DirectoryFailure::BadValue, "The source has no name, or one of more than 100 octets; give one with --source.");
  MembersChanged changed;
  for (std::size_t from = 0; from < addresses.size(); from += rows_a_commit) {
    const std::span part(addresses.data() + from, std::min(rows_a_commit, addresses.size() - from));
    MembersChanged of_part;
    const auto decide = [&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
      of_part = {};
      TRY(domain, inner_domain(snapshot, name));
      if (snapshot.contents().relay_recipients.size() + part.size() > most_relay_recipients)
        return refuse(DirectoryFailure::BadValue, "There would be more than 500,000 recipients; let the inner server be asked: hikyaku domain recipients mode " + domain->name + " ask");
      Changes changes;
      for (const auto& text : part) {
        auto address = normal_relay_recipient(text, domain->name);
        if (!address) return refuse(DirectoryFailure::BadValue, std::move(address).error());
        const auto local_part = address->substr(0, address->rfind('@'));
        const auto there = rows_of(snapshot.relay_recipients(domain->name), local_part);
        if (std::ranges::find(there, source, &RelayRecipient::source) != there.end()) {
          of_part.unchanged.push_back(*std::move(address));
          continue;
        }
        ++of_part.added;
        std::vector<RelayRecipient> of_user(there.begin(), there.end());
        of_user.push_back({domain->name, local_part, source, now});
        changes.emplace_back(storage::Put{rows::relay_recipient_key(domain->name, local_part), rows::encode(of_user)});
      }
      return changes;
    };
    TRY_VOID(edit(decide, run));
    changed.added += of_part.added;
    std::ranges::move(of_part.unchanged, std::back_inserter(changed.unchanged));
  }
  return changed;
}

DirectoryResult<std::size_t> Editor::remove_relay_recipients(std::string_view name, const std::function<bool(const RelayRecipient&)>& selects, Run run) {
  for (std::size_t removed = 0;;) {
    std::size_t now = 0;
    bool whole = true;
    const auto decide = [&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
      TRY(domain, inner_domain(snapshot, name));
      const auto listed = snapshot.relay_recipients(domain->name);
      const auto all = static_cast<std::size_t>(std::ranges::count_if(listed, selects));
      if (domain->recipients == RecipientCheck::List && all > 0 && all == listed.size())
        return refuse(DirectoryFailure::InUse, "Nobody of " + domain->name + " would be left, and all its mail be refused; switch the check first: hikyaku domain recipients mode " + domain->name + " any");
      Changes changes;
      now = 0;
      for (auto rest = listed; !rest.empty() && (run == Run::Dry || changes.size() < rows_a_commit);) {
        const auto of_user = rows_of(rest, rest.front().local_part);
        rest = rest.subspan(of_user.size());
        std::vector<RelayRecipient> left(of_user.begin(), of_user.end());
        const auto gone = std::erase_if(left, selects);
        if (gone == 0) continue;
        now += gone;
        auto key = rows::relay_recipient_key(domain->name, of_user.front().local_part);
        if (left.empty()) changes.emplace_back(storage::Erase{std::move(key)});
        else changes.emplace_back(storage::Put{std::move(key), rows::encode(left)});
      }
      whole = changes.size() < rows_a_commit;
      return changes;
    };
    TRY_VOID(edit(decide, run));
    removed += now;
    if (run == Run::Dry || whole) return removed;
  }
}

}  // namespace hikyaku::directory
