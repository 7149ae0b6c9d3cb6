#include "storage/memory_store.h"

#include <random>
#include <ranges>

namespace hikyaku::storage {

StoreResult<std::optional<std::string>> MemoryRows::get(std::string_view key) {
  const auto row = rows_.find(key);
  if (row == rows_.end()) return std::optional<std::string>{};
  return row->second;
}

StoreResult<> MemoryRows::put(std::string_view key, std::string_view value) {
  const auto row = rows_.find(key);
  undo_.push_back({std::string(key), row == rows_.end() ? std::nullopt : std::optional(row->second)});
  rows_.insert_or_assign(std::string(key), std::string(value));
  return {};
}

StoreResult<> MemoryRows::erase(std::string_view key) {
  if (const auto row = rows_.find(key); row != rows_.end()) {
    undo_.push_back({row->first, std::move(row->second)});
    rows_.erase(row);
  }
  return {};
}

StoreResult<> MemoryRows::erase_range(std::string_view from, std::string_view until) {
  auto row = rows_.lower_bound(from);
  while (row != rows_.end() && (until.empty() || row->first < until)) {
    undo_.push_back({row->first, std::move(row->second)});
    row = rows_.erase(row);
  }
  return {};
}

void MemoryRows::take_back(std::vector<Undo> undo) {
  for (auto& step : undo | std::views::reverse) {
    if (step.old) rows_.insert_or_assign(std::move(step.key), std::move(*step.old));
    else rows_.erase(step.key);
  }
}

const Committed* MemoryPartition::find(const RequestId& request) const {
  if (request.value().empty()) return nullptr;
  const auto known = std::ranges::find(requests, request.value(), &Request::id);
  return known == requests.end() ? nullptr : &known->outcome;
}

void MemoryPartition::flushed() {
  lazy.clear();
  for (auto& [id, blob] : blobs) blob.durable = true;
}

void MemoryStore::cut_power(std::uint64_t seed) {
  const std::lock_guard hold(mutex);
  std::mt19937_64 random(seed);
  for (auto& [name, partition] : partitions) {
    for (auto lost = random() % (partition.lazy.size() + 1); lost > 0; --lost) {
      partition.rows.take_back(std::move(partition.lazy.back().undo));
      if (partition.lazy.back().has_request) partition.requests.pop_back();
      partition.lazy.pop_back();
      partition.version = Version(partition.version.value() - 1);
    }
    std::erase_if(partition.blobs, [&](const auto& blob) { return !blob.second.durable && random() % 2 == 0; });
    partition.flushed();
  }
  for (auto& [name, lease] : leases) lease.holder = nullptr;
  late_rings.clear();
}

}  // namespace hikyaku::storage
