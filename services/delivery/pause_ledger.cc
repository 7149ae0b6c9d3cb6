#include "services/delivery/pause_ledger.h"

#include <algorithm>

#include "base/cursor.h"
#include "base/wire.h"
#include "services/delivery/schedule/another_clock.h"

namespace hikyaku::delivery {
namespace {
constexpr std::uint8_t format = 1;
constexpr auto kept = std::chrono::days{60};
constexpr std::uint64_t largest_file = 1 << 20;
constexpr std::size_t most_pauses = 20'000;  // the oldest go first: that shortens periods, and loses no mail

std::uint64_t as_number(WallTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }
WallTime as_time(std::uint64_t number) { return WallTime{std::chrono::microseconds{static_cast<std::int64_t>(number)}}; }

struct Content {
  Pauses pauses;
  WallTime alive;
};
// Nothing: it cannot be read. A damaged ledger loses pauses, which shortens periods; it never loses mail.
std::optional<Content> content_of(std::string_view octets, WallTime now) {
  WireReader in(octets);
  if (in.u8() != format) return std::nullopt;
  Content content{{}, as_time(in.u64())};
  if (in.broken()) return std::nullopt;
  while (!in.broken() && !in.rest().empty()) {
    const WallTime from = as_time(in.u64());
    const WallTime until = as_time(in.u64());
    if (!in.broken() && from < until && until > now - kept) content.pauses.push_back({from, until});
  }
  return content;
}
}  // namespace

io::DiskResult<PauseLedger> PauseLedger::open(io::Disk& disk, std::string path, WallTime now) {
  PauseLedger ledger(disk, std::move(path));
  ledger.alive_before_ = now;
  const auto content = io::read_file(disk, ledger.path_, largest_file);
  if (!content && content.error().kind != io::DiskFailure::NotFound) return failure(content.error());
  if (auto before = content ? content_of(*content, now) : std::nullopt) {
    ledger.alive_before_ = before->alive;
    ledger.pauses_ = std::move(before->pauses);
    begin_life(ledger.pauses_, before->alive, now);
  }
  // On a full disk the pause just closed may be forgotten by the next start; delivery, which empties the disk, goes on.
  if (auto written = ledger.seen_alive(now); !written && written.error().kind != io::DiskFailure::NoSpace)
    return failure(std::move(written).error());
  return ledger;
}

Pauses PauseLedger::on_disk(io::Disk& disk, const std::string& path, WallTime now) {
  const auto octets = io::read_file(disk, path, largest_file);
  auto content = octets ? content_of(*octets, now) : std::nullopt;
  if (!content) return {};
  if (content->alive < now) content->pauses.push_back({content->alive, now});
  return std::move(content->pauses);
}

io::DiskResult<> PauseLedger::seen_alive(WallTime now) {
  WireWriter out;
  out.u8(format).u64(as_number(now));
  std::unique_lock lock(*mutex_);
  for (const auto& [from, until] : pauses_) out.u64(as_number(from)).u64(as_number(until));
  lock.unlock();
  return io::replace_file(*disk_, path_, out.bytes());
}

void PauseLedger::add_pause(WallTime from, WallTime until) {
  if (from >= until) return;
  const std::lock_guard lock(*mutex_);
  // What overlaps becomes one: no time is taken out twice.
  std::erase_if(pauses_, [&](const auto& one) {
    if (one.first > until || one.second < from) return false;
    from = std::min(from, one.first), until = std::max(until, one.second);
    return true;
  });
  pauses_.insert(std::ranges::upper_bound(pauses_, std::pair{from, until}), {from, until});
  if (pauses_.size() > most_pauses) pauses_.erase(pauses_.begin());
}

Pauses PauseLedger::pauses_between(WallTime from, WallTime until) const {
  const std::lock_guard lock(*mutex_);
  Pauses found;
  for (const auto& [start, end] : pauses_)
    if (std::max(start, from) < std::min(end, until)) found.emplace_back(std::max(start, from), std::min(end, until));
  return found;
}

Duration PauseLedger::paused_between(WallTime from, WallTime until) const {
  const std::lock_guard lock(*mutex_);
  Duration paused{};
  for (const auto& [start, end] : pauses_) {
    const auto overlap = std::min(end, until) - std::max(start, from);
    if (overlap > Duration{}) paused += overlap;
  }
  return paused;
}

}  // namespace hikyaku::delivery
