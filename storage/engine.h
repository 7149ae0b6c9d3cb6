// Engine: the first of the two contracts that carry all durable state (the other is journal.h). Ordered maps of
// bytes, called partitions, changed by commits of plain data, beside blobs for bodies. Mail logic (mailboxes,
// directory) is written once above it and never sees which engine runs.
//
// All calls block and wait at most until their deadline; call them on workers. Every implementation is thread-safe and
// passes storage/engine_contract.h. Durability is an argument, never a default.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/strong_id.h"

namespace hikyaku::storage {

// A partition's name: 1 to 200 octets of [a-z0-9._@=/-], account-first ("account/42", "directory"). Between slashes
// stands something, it does not begin with a dot, and it is none of an engine's own file names (partition_name.h).
using PartitionName = StrongId<struct PartitionNameTag, std::string>;
// Rises by one with every commit of a partition. 0: nothing was ever committed.
using Version = StrongId<struct VersionTag, std::uint64_t>;
// Chosen by the caller, unique per logical change (128 random bits, or derived from what caused the change).
using RequestId = StrongId<struct RequestIdTag, std::string>;

enum class Durability : std::uint8_t {
  Flushed,  // on stable storage when the call returns
  Lazy,     // visible to every process at once; on stable storage after the next flush() or Flushed commit of the partition
};

enum class StoreFailure : std::uint8_t {
  Conflict,        // an expectation did not hold: read again, decide again
  OutcomeUnknown,  // it may or may not have happened: repeat with the same request id, which is safe
  Timeout,         // the deadline passed before anything was changed
  NoSpace,         // disk full or partition limit: the operator must act
  Fenced,          // the lease token given is no longer the newest
  NotFound,
  Refused,         // outside limits() or malformed (a name, a range of a row): nothing was done, repeating is useless
  Broken,          // damage or a failing device: named in `what`
};

struct StoreError {
  StoreFailure kind;
  std::string what;
};
template <class T = void>
using StoreResult = Result<T, StoreError>;

// ---- commit -------------------------------------------------------------------------------------------------------

struct ExpectVersion { Version version; };                       // the partition as a whole
struct ExpectValue { std::string key; std::optional<std::string> value; };  // nullopt: the key must be absent
struct Put { std::string key; std::string value; };
struct Erase { std::string key; };
struct EraseRange { std::string from, until; };                  // from <= key < until; empty until: to the end
struct Add { std::string key; std::int64_t delta; };             // value: 8 octets little-endian; absent counts as 0
// Takes the next `count` numbers of the counter at `counter` (same form as Add; the first ever given is 1) and, for
// the n-th of them, puts `rows[n]` with every Placeholder replaced by the number (big-endian, `octets` wide).
// UID and MODSEQ are given out inside the commit that uses them, or two sessions could see them out of order; a row that
// names both says with `of` which Allocate of the batch, counted from 0, gives a placeholder its (first) number.
struct Placeholder {  // overwrites `octets` octets at `at`
  static constexpr std::uint8_t own = 255;
  std::uint32_t at = 0;
  std::uint8_t octets = 8;
  std::uint8_t of = own;  // or an Allocate that stands earlier in the batch
};
struct NumberedRow {
  std::string key, value;
  std::vector<Placeholder> in_key, in_value;
  std::uint32_t number = 0;  // which of the allocated numbers, from 0
};
struct Allocate { std::string counter; std::uint32_t count = 1; std::vector<NumberedRow> rows; };

using Change = std::variant<ExpectVersion, ExpectValue, Put, Erase, EraseRange, Add, Allocate>;

struct Batch {
  RequestId request;             // at most 64 octets; empty: not repeatable (a lost answer stays OutcomeUnknown)
  std::vector<Change> changes;   // applied in order, all or nothing
  std::uint64_t fencing_token = 0;  // with `lease`: refused as Fenced unless it is that lease's newest token
  std::string lease;
};

struct Committed {
  Version version;
  std::vector<std::uint64_t> first_allocated;  // one for each Allocate, in order
  bool repeated = false;  // the request id was known: nothing was changed again, the first outcome is returned
};

// ---- read ---------------------------------------------------------------------------------------------------------

struct Row { std::string key, value; };
struct Page {
  Version version;        // the page is one consistent read at this version; two pages may differ in it
  std::vector<Row> rows;  // in the order of the scan
  bool more = false;      // rows are left in the range: go on behind rows.back().key
};
struct Scan {
  std::string from, until;   // from <= key < until; empty until: to the end
  std::uint32_t limit_rows = 1'000;
  std::uint32_t limit_octets = 1 << 20;  // of keys and values; the first row is given even when it alone is larger
  bool backwards = false;    // descending keys from the end of the range
};

// ---- blobs --------------------------------------------------------------------------------------------------------

// Names a blob inside its partition; at most 64 octets, chosen by the engine, opaque.
using BlobId = StrongId<struct BlobIdTag, std::string>;
// A place in the order in which a partition's blobs were put; opaque. Empty: before the first.
using BlobMark = StrongId<struct BlobMarkTag, std::string>;
struct BlobPage {
  std::vector<BlobId> blobs;  // in the order they were put
  BlobMark next;              // go on from here
  bool more = false;          // the limit was reached, or the deadline
};

struct Limits {
  std::uint32_t key_octets = 512;
  std::uint32_t value_octets = 1 << 20;
  std::uint32_t batch_changes = 10'000;
  std::uint32_t batch_octets = 8 << 20;
  std::uint32_t group_batches = 512;         // in one commit_group
  std::uint32_t remembered_requests = 1024;  // a request id is known for so many commits of its partition
  std::uint32_t blob_octets = 512U << 20;
  std::uint64_t partition_keys = 100'000;  // what the callers design for
};

// Called (on any thread, at most once per change, possibly late, rarely lost: callers look again every second) after a
// commit to a watched partition became visible, whichever process made it.
using WatchCallback = std::function<void()>;
class Watch {  // ends the watching when destroyed
 public:
  virtual ~Watch() = default;
};

struct Lease {
  std::string name;
  std::uint64_t token = 0;  // rises with every owner, for ever
};

class Engine {
 public:
  virtual ~Engine() = default;
  [[nodiscard]] virtual const Limits& limits() const = 0;

  // Several batches become one transaction of the engine (one flush), each with its own outcome, in order; a batch that
  // conflicts does not spoil its neighbours. Only success is remembered for a request id: a conflict changed nothing.
  virtual std::vector<StoreResult<Committed>> commit_group(const PartitionName& partition, std::vector<Batch> batches,
                                                           Durability durability, Deadline deadline) = 0;
  StoreResult<Committed> commit(const PartitionName& partition, Batch batch, Durability durability, Deadline deadline);

  // A partition exists from its first commit or blob; reading one that does not exist finds it empty, at version 0.
  virtual StoreResult<std::optional<std::string>> get(const PartitionName& partition, std::string_view key,
                                                      Deadline deadline) = 0;
  virtual StoreResult<Page> scan(const PartitionName& partition, const Scan& range, Deadline deadline) = 0;
  // Cheap: no row is read; from the shared page where the engine has one.
  virtual StoreResult<Version> version(const PartitionName& partition, Deadline deadline) = 0;

  // Everything committed to the partition and every blob put so far is on stable storage afterwards (blobs first).
  virtual StoreResult<> flush(const PartitionName& partition, Deadline deadline) = 0;

  // Puts all `bodies`, in one write where it can. With Flushed they are durable before the call returns, so a record
  // that names them may be committed next; with Lazy the partition's next flush() makes both durable, body first.
  virtual StoreResult<std::vector<BlobId>> put_blobs(const PartitionName& partition,
                                                     const std::vector<std::string_view>& bodies, Durability durability,
                                                     Deadline deadline) = 0;
  // At most `octets` from `offset`; fewer at the blob's end. The whole blob's checksum is verified by verify_blob, each
  // read verifies what it can. NotFound for an erased one.
  virtual StoreResult<std::string> read_blob(const PartitionName& partition, const BlobId& blob, std::uint64_t offset,
                                             std::uint64_t octets, Deadline deadline) = 0;
  virtual StoreResult<> verify_blob(const PartitionName& partition, const BlobId& blob, Deadline deadline) = 0;
  // Erase the naming record first, the blob last: an orphan is the only allowed garbage.
  virtual StoreResult<> erase_blob(const PartitionName& partition, const BlobId& blob, Deadline deadline) = 0;

  // For the search of orphans. blob_mark(): behind every blob whose put has begun, before all others. list_blobs(): those between two
  // marks that are not erased; a put that was under way at `until` may still appear in a later listing of the same stretch.
  // Reads heads, not bodies. May be called while others put and erase.
  virtual StoreResult<BlobMark> blob_mark(const PartitionName& partition, Deadline deadline) = 0;
  virtual StoreResult<BlobPage> list_blobs(const PartitionName& partition, const BlobMark& from, const BlobMark& until,
                                           std::uint32_t limit, Deadline deadline) = 0;

  virtual StoreResult<std::vector<PartitionName>> list_partitions(std::string_view prefix, Deadline deadline) = 0;
  // A hint: nobody here will use the partition soon, what is kept open for it may go. Never fails.
  virtual void rest(const PartitionName& partition) = 0;
  virtual StoreResult<> erase_partition(const PartitionName& partition, Deadline deadline) = 0;

  [[nodiscard]] virtual std::unique_ptr<Watch> watch(const PartitionName& partition, WatchCallback changed) = 0;

  // Exclusive until released or the process ends (embedded) or `ttl` passes unrenewed (distributed).
  virtual StoreResult<Lease> take_lease(std::string_view name, Duration ttl, Deadline deadline) = 0;
  virtual StoreResult<> release_lease(const Lease& lease) = 0;
};

}  // namespace hikyaku::storage
