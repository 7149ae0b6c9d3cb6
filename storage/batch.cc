#include "storage/batch.h"

#include "base/wire.h"

namespace hikyaku::storage {
namespace {

constexpr std::size_t request_octets = 64;

auto refused(std::string what) { return failure(StoreError{StoreFailure::Refused, std::move(what)}); }

struct Sizes {
  std::size_t longest_key = 0, longest_value = 0, octets = 0;
  bool empty_key = false, bad_row = false;
  std::size_t allocates = 0;

  void key(std::string_view key) {
    empty_key |= key.empty();
    bound(key);
  }
  void bound(std::string_view key) { longest_key = std::max(longest_key, key.size()), octets += key.size(); }
  void value(std::string_view value) {
    longest_value = std::max(longest_value, value.size());
    octets += value.size();
  }

  void operator()(const ExpectVersion&) {}
  void operator()(const ExpectValue& expect) {
    key(expect.key);
    if (expect.value) value(*expect.value);
  }
  void operator()(const Put& put) { key(put.key), value(put.value); }
  void operator()(const Erase& erase) { key(erase.key); }
  void operator()(const EraseRange& range) { bound(range.from), bound(range.until); }
  void operator()(const Add& add) { key(add.key); }
  void operator()(const Allocate& allocate) {
    key(allocate.counter);
    bad_row |= allocate.count == 0;
    for (const auto& row : allocate.rows) {
      key(row.key), value(row.value);
      bad_row |= row.number >= allocate.count;
      places(row.in_key, row.key.size()), places(row.in_value, row.value.size());
    }
    ++allocates;
  }
  void places(const std::vector<Placeholder>& places, std::size_t size) {
    for (const auto& place : places)
      bad_row |= place.octets == 0 || place.octets > 8 || place.at > size || place.octets > size - place.at ||
                 (place.of != Placeholder::own && place.of >= allocates);
  }
};

StoreResult<std::uint64_t> read_counter(Rows& rows, std::string_view key) {
  TRY(value, rows.get(key));
  if (!value) return 0;
  WireReader in(*value);
  const auto number = in.u64();
  if (!in.complete())
    return failure(StoreError{StoreFailure::Broken, "the counter at \"" + std::string(key) + "\" is not 8 octets long"});
  return number;
}

StoreResult<> write_counter(Rows& rows, std::string_view key, std::uint64_t number) {
  return rows.put(key, WireWriter{}.u64(number).bytes());
}

StoreResult<> fill(std::string& octets, const std::vector<Placeholder>& places, std::uint64_t own_number,
                   const std::vector<std::uint64_t>& first_allocated) {
  for (const auto& place : places) {
    const auto number = place.of == Placeholder::own ? own_number : first_allocated[place.of];
    if (place.octets < 8 && number >> (8 * place.octets) != 0)
      return failure(StoreError{StoreFailure::NoSpace, "the number " + std::to_string(number) + " needs more than " +
                                                           std::to_string(place.octets) + " octets"});
    for (unsigned i = 0; i < place.octets; ++i)
      octets[place.at + i] = static_cast<char>(number >> (8 * (place.octets - 1U - i)));
  }
  return {};
}

struct Apply {
  Version now;
  Rows& rows;
  std::vector<std::uint64_t> first_allocated;

  StoreResult<> operator()(const ExpectVersion& expect) const {
    if (expect.version == now) return {};
    return failure(StoreError{StoreFailure::Conflict, "the partition is at version " + std::to_string(now.value())});
  }
  StoreResult<> operator()(const ExpectValue& expect) const {
    TRY(value, rows.get(expect.key));
    if (value == expect.value) return {};
    return failure(StoreError{StoreFailure::Conflict, "the row \"" + expect.key + "\" is not as expected"});
  }
  StoreResult<> operator()(const Put& put) const { return rows.put(put.key, put.value); }
  StoreResult<> operator()(const Erase& erase) const { return rows.erase(erase.key); }
  StoreResult<> operator()(const EraseRange& range) const { return rows.erase_range(range.from, range.until); }
  StoreResult<> operator()(const Add& add) const {
    TRY(old, read_counter(rows, add.key));
    std::int64_t sum = 0;
    if (__builtin_add_overflow(static_cast<std::int64_t>(old), add.delta, &sum))
      return failure(StoreError{StoreFailure::NoSpace, "the counter at \"" + add.key + "\" would overflow"});
    return write_counter(rows, add.key, static_cast<std::uint64_t>(sum));
  }
  StoreResult<> operator()(const Allocate& allocate) {
    TRY(last, read_counter(rows, allocate.counter));
    if (last > ~std::uint64_t{0} - allocate.count)
      return failure(StoreError{StoreFailure::NoSpace, "the numbers of \"" + allocate.counter + "\" are used up"});
    first_allocated.push_back(last + 1);
    for (const auto& row : allocate.rows) {
      const auto number = last + 1 + row.number;
      auto key = row.key, value = row.value;
      TRY_VOID(fill(key, row.in_key, number, first_allocated));
      TRY_VOID(fill(value, row.in_value, number, first_allocated));
      TRY_VOID(rows.put(key, value));
    }
    return write_counter(rows, allocate.counter, last + allocate.count);
  }
};

}  // namespace

StoreResult<> check_batch(const Batch& batch, const Limits& limits) {
  if (batch.request.value().size() > request_octets) return refused("a request id has more than 64 octets");
  Sizes sizes;
  std::size_t changes = batch.changes.size();
  for (const auto& change : batch.changes) {
    std::visit(sizes, change);
    if (const auto* allocate = std::get_if<Allocate>(&change)) changes += allocate->rows.size();
  }
  if (changes > limits.batch_changes) return refused("a batch has " + std::to_string(changes) + " changes");
  if (sizes.octets > limits.batch_octets) return refused("a batch has " + std::to_string(sizes.octets) + " octets");
  if (sizes.empty_key) return refused("a key is empty");
  if (sizes.longest_key > limits.key_octets) return refused("a key has " + std::to_string(sizes.longest_key) + " octets");
  if (sizes.longest_value > limits.value_octets)
    return refused("a value has " + std::to_string(sizes.longest_value) + " octets");
  if (sizes.bad_row) return refused("a numbered row's number or placeholder lies outside its bounds");
  return {};
}

StoreResult<std::vector<std::uint64_t>> apply_batch(const Batch& batch, Version now, Rows& rows) {
  Apply apply{now, rows, {}};
  for (const auto& change : batch.changes) TRY_VOID(std::visit(apply, change));
  return std::move(apply.first_allocated);
}

bool expects_after_changing(const Batch& batch) {
  bool changed = false;
  for (const auto& change : batch.changes) {
    const bool expects = std::holds_alternative<ExpectVersion>(change) || std::holds_alternative<ExpectValue>(change);
    if (expects && changed) return true;
    changed |= !expects;
  }
  return false;
}

}  // namespace hikyaku::storage
