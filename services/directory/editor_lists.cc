// Mailing lists, as the editor changes them.
#include <algorithm>
#include <unordered_set>

#include "base/cursor.h"
#include "services/directory/address_text.h"
#include "services/directory/editor.h"
#include "services/directory/mailing_list.h"
#include "services/directory/rows.h"
#include "services/directory/sender_pattern.h"

namespace hikyaku::directory {

using storage::Erase;
using storage::Put;

namespace {

constexpr std::size_t most_members_per_commit = 2'000, most_posters = 1'000, most_owners = 100, most_text_octets = 200;

std::unexpected<DirectoryError> no_list(std::string_view address) {
  return refuse(DirectoryFailure::NotFound, "There is no list " + std::string(address) + "; see: hikyaku list list");
}

const MailingList* find_list(const Snapshot& snapshot, std::string_view address) {
  const auto parsed = parse_address(address);
  return parsed ? snapshot.list(*parsed) : nullptr;
}

bool is_plain_address(std::string_view text) { return parse_address(text).has_value() && text.find_first_of(" *,\t") == std::string_view::npos; }

DirectoryResult<> check_name(const Snapshot& snapshot, const std::string& name) {
  const auto address = parse_address(name);
  if (!address || name.find_first_of(" *,\t") != std::string::npos)
    return refuse(DirectoryFailure::BadValue, "\"" + name + "\" is not an address a list can have; write name@domain.");
  const auto* domain = snapshot.domain(address->domain);
  if (!domain) return refuse(DirectoryFailure::NotFound, "There is no domain " + address->domain + "; add it with: hikyaku domain add " + address->domain);
  if (domain->kind == DomainKind::Relay)
    return refuse(DirectoryFailure::BadValue, address->domain + " is a relay domain: its lists are on another server; make it local first.");
  if (snapshot.account(*address)) return refuse(DirectoryFailure::AlreadyExists, "There is an account " + name + "; choose another address.");
  if (snapshot.alias(name))
    return refuse(DirectoryFailure::AlreadyExists, "There is an alias " + name + "; remove it or choose another address.");
  return {};
}

// All but the name and the members; brings patterns into their form.
DirectoryResult<> check_properties(MailingList& list) {
  for (auto& poster : list.posters) {
    auto pattern = normal_sender_pattern(poster);
    if (!pattern || *pattern == "<>") return refuse(DirectoryFailure::BadValue, "\"" + poster + "\" names no poster; write user@domain, *@domain or *@*.domain.");
    if (list.posting == Posting::Moderators && pattern->find('*') != std::string::npos)
      return refuse(DirectoryFailure::BadValue, "A moderator is one person, so \"" + poster + "\" cannot be one; write user@domain.");
    poster = std::move(*pattern);
  }
  for (const auto& owner : list.owners)
    if (!is_plain_address(owner)) return refuse(DirectoryFailure::BadValue, "The owner \"" + owner + "\" is not an address; write user@domain.");
  if (!list.bounces.empty() && !is_plain_address(list.bounces))
    return refuse(DirectoryFailure::BadValue, "The bounce address \"" + list.bounces + "\" is not an address; write user@domain.");
  if (!list.bounces.empty() && fold_pattern(list.bounces) == list.address)
    return refuse(DirectoryFailure::BadValue, "Bounces to the list itself would go to its members; give another address.");
  if ((list.posting == Posting::Listed || list.posting == Posting::Moderators) && list.posters.empty())
    return refuse(DirectoryFailure::BadValue, "Nobody could post: name who may with --poster.");
  if (list.posters.size() > most_posters || list.owners.size() > most_owners)
    return refuse(DirectoryFailure::BadValue, "A list has at most 1,000 posters and 100 owners; name whole domains.");
  for (const auto* text : {&list.about, &list.subject_prefix})
    if (text->size() > most_text_octets || std::ranges::any_of(*text, is_ctl))
      return refuse(DirectoryFailure::BadValue, "The description and the subject prefix are one line of at most 200 octets each; shorten them.");
  return {};
}

}  // namespace

DirectoryResult<> Editor::add_list(MailingList list, Run run) {
  list.address = fold_pattern(list.address);
  list.members.clear();
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    if (find_list(snapshot, list.address)) return refuse(DirectoryFailure::AlreadyExists, "There is a list " + list.address + " already; change it with: hikyaku list set " + list.address);
    TRY_VOID(check_name(snapshot, list.address));
    TRY_VOID(check_properties(list));
    if (run == Run::Dry) return Changes{};
    return Changes{Put{rows::list_key(list.address), rows::encode(list)}};
  });
}

DirectoryResult<> Editor::change_list(std::string_view address, const std::function<void(MailingList&)>& change, Run run) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    const auto* old = find_list(snapshot, address);
    if (!old) return no_list(address);
    auto list = *old;
    change(list);
    list.address = old->address;
    TRY_VOID(check_properties(list));
    if (run == Run::Dry || list == *old) return Changes{};
    return Changes{Put{rows::list_key(list.address), rows::encode(list)}};
  });
}

DirectoryResult<> Editor::remove_list(std::string_view address, Run run) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    const auto* list = find_list(snapshot, address);
    if (!list) return no_list(address);
    if (run == Run::Dry) return Changes{};
    const auto members = rows::members_key(list->address);
    auto behind = members;
    behind.back() = '\1';  // the key ends with NUL
    return Changes{Erase{rows::list_key(list->address)}, storage::EraseRange{members, behind}};
  });
}

DirectoryResult<Editor::MembersChanged> Editor::add_members(std::string_view list, const std::vector<std::string>& members, Run run) {
  return change_members(list, members, Enabled::Yes, run);
}

DirectoryResult<Editor::MembersChanged> Editor::remove_members(std::string_view list, const std::vector<std::string>& members, Run run) {
  return change_members(list, members, Enabled::No, run);
}

DirectoryResult<Editor::MembersChanged> Editor::change_members(std::string_view address, const std::vector<std::string>& members, Enabled membership, Run run) {
  const bool adding = membership == Enabled::Yes;
  if (adding)
    for (const auto& member : members)
      if (!is_plain_address(member)) return refuse(DirectoryFailure::BadValue, "The member \"" + member + "\" is not an address; write user@domain.");
  MembersChanged all;
  for (std::size_t begin = 0; begin < std::max<std::size_t>(members.size(), 1); begin += most_members_per_commit) {
    MembersChanged part;
    auto done = edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
      part = {};
      const auto* list = find_list(snapshot, address);
      if (!list) return no_list(address);
      std::unordered_set<std::string> known;
      for (const auto& member : list->members) known.insert(fold_pattern(member));
      Changes changes;
      for (std::size_t i = begin; i < std::min(members.size(), begin + most_members_per_commit); ++i) {
        const auto folded = fold_pattern(members[i]);
        if (adding && folded == list->address) return refuse(DirectoryFailure::BadValue, "A list cannot be a member of itself; leave " + folded + " out.");
        const bool new_state = adding ? known.insert(folded).second : known.erase(folded) > 0;
        if (!new_state) {
          part.unchanged.push_back(members[i]);
          continue;
        }
        ++(adding ? part.added : part.removed);
        if (adding) changes.emplace_back(Put{rows::member_key(list->address, folded), rows::encode_member(members[i])});
        else changes.emplace_back(Erase{rows::member_key(list->address, folded)});
      }
      if (known.size() > Snapshot::most_targets)
        return refuse(DirectoryFailure::BadValue, "A list has at most 50,000 members; make several, which a list of lists joins.");
      if (run == Run::Dry) return Changes{};
      return changes;
    });
    if (!done && done.error().kind != DirectoryFailure::NotSeen) return failure(std::move(done).error());
    all.added += part.added;
    all.removed += part.removed;
    all.unchanged.insert(all.unchanged.end(), part.unchanged.begin(), part.unchanged.end());
    if (!done && begin + most_members_per_commit >= members.size()) return failure(std::move(done).error());
  }
  return all;
}

}  // namespace hikyaku::directory
