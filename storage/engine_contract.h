// The contract of Engine as tests: every implementation supplies a fixture and passes them all.
//   TEST_CASE("memory engine keeps the contract") { keeps_engine_contract<MemoryFixture>(); }
#pragma once

#include <doctest/doctest.h>

#include <span>

#include "storage/engine.h"

namespace hikyaku::storage {

// Fresh, empty state for one test.
class EngineFixture {
 public:
  virtual ~EngineFixture() = default;
  // An engine on that state. Several may be open at once, as several processes have them.
  virtual std::unique_ptr<Engine> open() = 0;
};

struct ContractTest {
  const char* name;
  void (*run)(EngineFixture& fixture);
};

std::span<const ContractTest> commit_contract();   // engine_contract_commit_test.cc
std::span<const ContractTest> counter_contract();  // engine_contract_counter_test.cc
std::span<const ContractTest> read_contract();     // engine_contract_read_test.cc
std::span<const ContractTest> blob_contract();     // engine_contract_blob_test.cc
std::span<const ContractTest> sharing_contract();  // engine_contract_sharing_test.cc

template <class Fixture>
void keeps_engine_contract() {
  for (const auto part : {commit_contract(), counter_contract(), read_contract(), blob_contract(), sharing_contract()})
    for (const auto& test : part)
      DOCTEST_SUBCASE(test.name) {
        Fixture fixture;
        test.run(fixture);
      }
}

// ---- words of the tests ---------------------------------------------------------------------------------------------

inline Deadline soon(Duration wait = std::chrono::seconds{20}) { return std::chrono::steady_clock::now() + wait; }
inline const PartitionName inbox{"account/42"};

inline Batch batch(std::vector<Change> changes, std::string request = {}) {
  return Batch{RequestId(std::move(request)), std::move(changes), 0, {}};
}
inline StoreResult<Committed> put(Engine& engine, std::string key, std::string value,
                                  Durability durability = Durability::Flushed) {
  return engine.commit(inbox, batch({Put{std::move(key), std::move(value)}}), durability, soon());
}
// The value, "(none)" where there is no row, "(error)" where the read failed.
inline std::string read(Engine& engine, std::string_view key, const PartitionName& partition = inbox) {
  const auto value = engine.get(partition, key, soon());
  return !value ? "(error)" : value->value_or("(none)");
}
inline std::string keys(const StoreResult<Page>& page) {
  if (!page) return "(error)";
  std::string all;
  for (const auto& row : page->rows) all += row.key + " ";
  return all + (page->more ? "..." : "");
}
template <class T>
bool fails(const StoreResult<T>& result, StoreFailure kind) {
  return !result && result.error().kind == kind;
}
inline std::string big_endian(std::uint64_t number, int octets) {
  std::string out;
  for (int i = octets - 1; i >= 0; --i) out += static_cast<char>(number >> (8 * i));
  return out;
}

}  // namespace hikyaku::storage
