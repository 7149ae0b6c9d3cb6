#include "services/mailboxes/number_reserve.h"

#include <time.h>

#include <algorithm>
#include <fstream>

#include "base/wire.h"

namespace hikyaku::mailboxes {

namespace {

constexpr std::uint8_t format = 1;
constexpr std::size_t most_remembered = 100'000;

std::string kernel_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  if (std::getline(file, id) && !id.empty()) return id;
  // A confined process may not see /proc: the hour in which the machine started tells most boots apart.
  timespec real{}, since_boot{};
  clock_gettime(CLOCK_REALTIME, &real);
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return "hour " + std::to_string((real.tv_sec - since_boot.tv_sec + 1800) / 3600);
}

std::string reserve_key(MailboxId mailbox) { return keys::counter(mailbox, keys::Counter::Reserve); }

}  // namespace

NumberReserve::NumberReserve(std::string boot_id) : boot_id_(boot_id.empty() ? kernel_boot_id() : std::move(boot_id)) {}

std::optional<NumberReserve::Ceiling> NumberReserve::decode(const std::string& key, const std::string& value, std::string& boot) const {
  WireReader in(value);
  const auto version = in.u8();
  boot = in.text();
  const auto uid = in.u64(), modseq = in.u64();
  if (!in.complete() || version != format) return {};
  return Ceiling{key, value, uid, modseq};
}

MailboxResult<NumberReserve::Ceiling> NumberReserve::renew(const Store& store, MailboxId mailbox) {
  const auto key = reserve_key(mailbox);
  TRY(old, store.get(key));
  const auto uid_key = keys::counter(mailbox, keys::Counter::Uid), modseq_key = keys::counter(mailbox, keys::Counter::ModSeq);
  TRY(uid_octets, store.get(uid_key));
  TRY(modseq_octets, store.get(modseq_key));
  auto uid = keys::count_of(uid_octets), modseq = keys::count_of(modseq_octets);
  Batch batch;
  batch.emplace_back(storage::ExpectValue{key, old});
  batch.emplace_back(storage::ExpectValue{uid_key, uid_octets});
  batch.emplace_back(storage::ExpectValue{modseq_key, modseq_octets});
  std::string boot;
  const auto ceiling = old ? decode(key, *old, boot) : std::nullopt;
  if (ceiling && boot != boot_id_) {
    // Anything up to the old ceiling may have been given out and lost.
    uid = std::max(uid, ceiling->uid);
    modseq = std::max(modseq, ceiling->modseq);
    batch.emplace_back(storage::Put{uid_key, keys::count_value(uid)});
    batch.emplace_back(storage::Put{modseq_key, keys::count_value(modseq)});
  }
  const auto value = WireWriter{}.u8(format).text(boot_id_).u64(uid + ahead).u64(modseq + ahead).bytes();
  batch.emplace_back(storage::Put{key, value});
  TRY_VOID(store.commit(std::move(batch), storage::Durability::Flushed));
  return Ceiling{key, value, uid + ahead, modseq + ahead};
}

MailboxResult<> NumberReserve::settle(const Store& store, MailboxId mailbox) {
  const std::pair place{store.partition().value(), mailbox.value()};
  {
    const std::lock_guard lock(mutex_);
    if (settled_.contains(place)) return {};
  }
  const auto key = reserve_key(mailbox);
  for (int tries = 0; tries < 20; ++tries) {
    TRY(value, store.get(key));
    std::string boot;
    const bool lazy_before_boot = value && (!decode(key, *value, boot) || boot != boot_id_);
    if (lazy_before_boot) {
      const auto renewed = renew(store, mailbox);
      if (!renewed && renewed.error().kind == MailboxFailure::Busy) continue;
      if (!renewed) return failure(renewed.error());
    }
    const std::lock_guard lock(mutex_);
    if (settled_.size() >= most_remembered) settled_.clear();
    settled_.insert(place);
    return {};
  }
  return fail(MailboxFailure::Busy, "The mailbox is busy; try again in a moment.");
}

MailboxResult<NumberReserve::Ceiling> NumberReserve::reserve(const Store& store, MailboxId mailbox) {
  const auto key = reserve_key(mailbox);
  for (int tries = 0; tries < 20; ++tries) {
    TRY(value, store.get(key));
    std::string boot;
    auto ceiling = value ? decode(key, *value, boot) : std::nullopt;
    if (ceiling && boot == boot_id_) {
      TRY(uid, store.count(keys::counter(mailbox, keys::Counter::Uid)));
      TRY(modseq, store.count(keys::counter(mailbox, keys::Counter::ModSeq)));
      if (uid + margin <= ceiling->uid && modseq + margin <= ceiling->modseq) return std::move(*ceiling);
    }
    auto renewed = renew(store, mailbox);
    if (renewed || renewed.error().kind != MailboxFailure::Busy) return renewed;
  }
  return fail(MailboxFailure::Busy, "The mailbox is busy; try again in a moment.");
}

}  // namespace hikyaku::mailboxes
