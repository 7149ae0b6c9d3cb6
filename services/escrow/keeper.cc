#include "services/escrow/keeper.h"

#include <sys/stat.h>

#include <algorithm>

#include "services/escrow/fingerprint.h"
#include "services/escrow/places.h"
#include "services/escrow/sealed_text.h"
#include "services/escrow/sodium_ready.h"
#include "services/policy/greylist.h"
#include "services/spool/spill_folder.h"

namespace hikyaku::escrow {
namespace {

using spool::SpoolError, spool::SpoolFailure, spool::SpoolResult, spool::spool_error;

constexpr std::chrono::hours incomplete_for{1};  // then nobody is writing it any more
constexpr std::uint64_t small_file = 1'000;

// The services' user alone may read what is made here.
struct OnlyOurs {
  mode_t before = ::umask(0077);
  ~OnlyOurs() { ::umask(before); }
};

std::string network_of(const quarantine::Entry& entry) {
  const auto client = io::IpAddress::parse(entry.envelope.client_address);
  return client ? policy::network_of(*client) : entry.envelope.client_address;
}

}  // namespace

std::string_view gone_name(Gone why) {
  switch (why) {
    case Gone::Passed: return "its sender came again and was let in";
    case Gone::TooOld: return "too old";
    case Gone::MadeRoom: break;
  }
  return "made room for newer ones";
}

SpoolResult<> Keeper::look(const Limits& limits, Keys keys, WallTime now, const Tell& gone) {
  TRY_VOID(open_keys(keys));
  if (public_key_.empty()) return {};
  TRY_VOID(store_.gather());
  TRY_VOID(look_at_released(limits, now));
  TRY_VOID(take_new());
  TRY_VOID(take_passed(gone));
  keep_within(limits, now, gone);
  HIKYAKU_SPOOL_DISK(in_drop, disk_.list(folder_ + "/drop"));
  forget_incomplete(in_drop, now);
  return publish();
}

// ---- keys ------------------------------------------------------------------------------------------------------------

SpoolResult<std::string> Keeper::secret_key() {
  const auto file = folder_ + "/" + std::string(secret_name);
  HIKYAKU_SPOOL_DISK(text, io::read_file(disk_, file, small_file));
  auto key = from_hex(std::string_view(text).substr(0, text.find('\n')), key_octets);
  if (!key) return failure(SpoolError{SpoolFailure::Broken, file + " holds no key. Remedy: put the one that was there back, or remove it; then a new one is made, and the copies that are there cannot be read."});
  return *std::move(key);
}

SpoolResult<> Keeper::open_keys(Keys keys) {
  if (!public_key_.empty()) return {};
  const auto known = secret_key();
  if (!known && known.error().kind != SpoolFailure::NotFound) return failure(known.error());
  if (!known && keys == Keys::UseThem) return {};
  for (const auto inside : {std::string_view("/drop"), std::string_view("/known"), std::string_view("/released")}) HIKYAKU_SPOOL_VOID(disk_.make_folder(folder_ + std::string(inside)));
  if (known) return public_key_ = public_key_of(*known), SpoolResult<>{};
  const auto made = make_keys();
  const OnlyOurs only_ours;
  HIKYAKU_SPOOL_VOID(io::replace_file(disk_, folder_ + "/" + std::string(secret_name), to_hex(made.secret) + "\n"));
  public_key_ = made.open;
  return {};
}

// ---- copies ----------------------------------------------------------------------------------------------------------

SpoolResult<> Keeper::take_new() {
  HIKYAKU_SPOOL_DISK(names, disk_.list(folder_));
  for (auto known = by_name_.begin(); known != by_name_.end();) {
    const auto copy = copies_.find(known->second);
    if (std::ranges::binary_search(names, known->first)) {
      ++known;
      continue;
    }
    // A command took it away.
    if (copy != copies_.end()) by_mark_.erase(copy->second.entry.mark), copies_.erase(copy);
    known = by_name_.erase(known);
  }
  for (const auto& name : names) {
    const auto id = TraceId::parse(name);
    if (!id || by_name_.contains(name) || unreadable_.contains(name)) continue;
    auto entry = store_.find(*id);
    if (!entry || !is_mark(entry->mark) || entry->envelope.recipients.empty()) {
      unreadable_.insert(name);
      continue;
    }
    // Of two that came at once, or while this was not running, the first stays; of mail that was released none.
    if (by_mark_.contains(entry->mark) || released_.contains(entry->mark)) {
      (void)store_.remove(*id);
      continue;
    }
    const Copies::key_type key{entry->taken, *id};
    by_name_[name] = by_mark_[entry->mark] = key;
    auto network = network_of(*entry);
    copies_[key] = {*std::move(entry), std::move(network)};
  }
  return {};
}

void Keeper::let_go(Copies::iterator copy, Gone why, const Tell& gone) {
  const auto id = copy->first.second;
  if (const auto removed = store_.remove(id); removed) gone(copy->second.entry, why);
  by_mark_.erase(copy->second.entry.mark);
  by_name_.erase(id.text());
  copies_.erase(copy);
}

SpoolResult<> Keeper::take_passed(const Tell& gone) {
  HIKYAKU_SPOOL_DISK(names, disk_.list(folder_ + "/drop"));
  for (const auto& name : names) {
    if (!name.starts_with(passed_prefix)) continue;
    if (const auto known = by_mark_.find(name.substr(passed_prefix.size())); known != by_mark_.end()) let_go(copies_.find(known->second), Gone::Passed, gone);
    HIKYAKU_SPOOL_VOID(disk_.remove(folder_ + "/drop/" + name));
  }
  return {};
}

void Keeper::keep_within(const Limits& limits, WallTime now, const Tell& gone) {
  while (!copies_.empty() && now - copies_.begin()->first.first >= limits.age) let_go(copies_.begin(), Gone::TooOld, gone);
  std::uint64_t octets = 0;
  std::map<std::string, std::size_t> of_network;
  for (const auto& [key, copy] : copies_) octets += copy.entry.octets, ++of_network[copy.network];
  for (auto next = copies_.begin(); next != copies_.end();) {
    const auto copy = next++;
    auto& neighbours = of_network[copy->second.network];
    if (copies_.size() <= limits.copies && octets <= limits.octets && neighbours <= limits.of_network) continue;
    octets -= copy->second.entry.octets;
    --neighbours;
    let_go(copy, Gone::MadeRoom, gone);
  }
}

void Keeper::forget_incomplete(const std::vector<std::string>& in_drop, WallTime now) {
  std::erase_if(incomplete_, [&](const auto& one) { return !std::ranges::binary_search(in_drop, one.first); });
  for (const auto& name : in_drop)
    if (TraceId::parse(name) && now - incomplete_.try_emplace(name, now).first->second >= incomplete_for) (void)disk_.remove(folder_ + "/drop/" + name);
}

SpoolResult<> Keeper::read(const TraceId& id, const quarantine::To& to) {
  TRY(entry, store_.find(id));
  TRY(secret, secret_key());
  Unsealing opening(std::move(secret), about(entry), to);
  TRY_VOID(store_.read(id, [&opening](std::string_view piece) { return opening.take(piece); }));
  return opening.end();
}

// ---- released --------------------------------------------------------------------------------------------------------

SpoolResult<> Keeper::note_released(const std::string& mark, const ReleasedMail& mail) {
  if (!is_mark(mark)) return {};
  HIKYAKU_SPOOL_VOID(io::replace_file(disk_, folder_ + "/" + std::string(released_folder) + "/" + mark, released_text(mail)));
  return {};
}

SpoolResult<> Keeper::look_at_released(const Limits& limits, WallTime now) {
  const auto folder = folder_ + "/" + std::string(released_folder);
  HIKYAKU_SPOOL_DISK(names, disk_.list(folder));
  std::erase_if(released_, [&](const auto& one) { return !std::ranges::binary_search(names, one.first); });
  for (const auto& name : names) {
    if (!is_mark(name)) continue;
    if (!released_.contains(name)) {
      const auto text = io::read_file(disk_, folder + "/" + name, ReleasedMail::most_octets);
      const auto mail = text ? parse_released(*text) : std::nullopt;
      released_[name] = mail ? mail->at : now;
    }
    if (now - released_[name] < std::max(limits.age, released_for)) continue;
    HIKYAKU_SPOOL_VOID(disk_.remove(folder + "/" + name));
    released_.erase(name);
  }
  return {};
}

// ---- what reception is told ------------------------------------------------------------------------------------------

SpoolResult<> Keeper::publish() {
  KnownPage page;
  page.key = public_key_;
  for (const auto& [key, copy] : copies_) page.kept.emplace(copy.entry.mark, key.second);
  for (const auto& [mark, since] : released_) page.released.insert(mark);
  const auto text = page.text(), path = folder_ + "/" + std::string(page_name);
  // Another one may have looked since: what stands there counts, not what was written last.
  const auto before = io::read_file(disk_, path, KnownPage::most_octets);
  if (before && *before == text) return {};
  HIKYAKU_SPOOL_VOID(io::replace_file(disk_, path, text));
  return {};
}

}  // namespace hikyaku::escrow
