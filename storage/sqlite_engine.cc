#include "storage/sqlite_engine.h"

#include "base/checksum.h"
#include "storage/partition_name.h"
#include "storage/sqlite_vfs.h"

namespace hikyaku::storage {
namespace {
constexpr std::uint64_t measured_partition_keys = 1'000'000;  // docs/adr/0004-sqlite-partitions.md

StoreError too_late() { return {StoreFailure::Timeout, "the deadline had passed before the call"}; }
bool passed(Deadline deadline) { return std::chrono::steady_clock::now() >= deadline; }
auto no_blob() { return failure(StoreError{StoreFailure::NotFound, "no such blob"}); }

constexpr std::string_view watch_page_name = "/.watch-page";

StoreResult<std::shared_ptr<SharedPage>> open_watch_page(io::Disk& disk, const std::string& root, Sharing sharing) {
  if (sharing == Sharing::Processes) return SharedPage::map_file(root + std::string(watch_page_name), WatchPage::octets(), WatchPage::initialize);
  const auto key = std::to_string(reinterpret_cast<std::uintptr_t>(&disk)) + root + std::string(watch_page_name);
  return SharedPage::in_this_process(key, WatchPage::octets(), WatchPage::initialize);
}

}  // namespace

StoreResult<std::unique_ptr<SqliteEngine>> SqliteEngine::open(io::Disk& disk, std::string root, SqliteOptions options) {
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  const bool there = disk.info(root).has_value();
  if (auto made = disk.make_folder(root); !made) return failure(store_error(std::move(made.error())));
  const auto slash = root.rfind('/');
  const auto parent = slash == std::string::npos ? "." : slash == 0 ? "/" : root.substr(0, slash);
  // A confined service may not open what is above its own folder; whoever made that folder synced it. So did whoever made the page.
  const bool named = options.sharing == Sharing::Processes && disk.info(root + std::string(watch_page_name)).has_value();
  if (auto synced = named ? io::DiskResult<>{} : disk.sync_folder(parent); !synced && !(there && synced.error().kind == io::DiskFailure::NoPermission))
    return failure(store_error(std::move(synced.error())));
  TRY(page, open_watch_page(disk, root, options.sharing));
  auto vfs = options.sharing == Sharing::Processes ? nullptr : std::make_unique<SqliteVfs>(disk);
  options.limits.partition_keys = std::max(options.limits.partition_keys, measured_partition_keys);
  SqliteHome home{disk, std::move(root), options.sharing, vfs ? vfs->name() : "", options.limits,
                  options.checkpoint_frames, options.pack_octets, options.body_reserve_octets, WatchPage(std::move(page))};
  return std::unique_ptr<SqliteEngine>(new SqliteEngine(std::move(home), options, std::move(vfs)));
}

SqliteEngine::SqliteEngine(SqliteHome home, const SqliteOptions& options, std::unique_ptr<SqliteVfs> vfs)
    : vfs_(std::move(vfs)),
      home_(std::move(home)),
      pool_(home_, options.open_partitions),
      leases_(home_.disk, home_.root + "/.leases"),
      fence_([this](std::string_view name, std::uint64_t token) { return leases_.is_newest(name, token); }),
      watchers_(std::make_shared<WatchDispatcher>(home_.watch)) {
  const auto after = options.close_when_unused_for;
  if (after > Duration{}) closer_ = std::thread([this, after] { close_unused(after); });
}

SqliteEngine::~SqliteEngine() {
  watchers_->stop();
  {
    const std::lock_guard hold(closing_mutex_);
    ended_ = true;
  }
  closing_.notify_all();
  if (closer_.joinable()) closer_.join();
}

void SqliteEngine::close_unused(Duration after) {
  std::unique_lock hold(closing_mutex_);
  while (!closing_.wait_for(hold, after / 2, [this] { return ended_; })) {
    hold.unlock();
    pool_.close_unused_since(std::chrono::steady_clock::now() - after);
    hold.lock();
  }
}

// Finds the partition and uses it; once more when it was erased in between, for then nothing was done.
template <class T, class Use>
StoreResult<T> SqliteEngine::on(const PartitionName& name, WhenMissing missing, Deadline deadline, StoreResult<T> absent, Use&& use) {
  TRY_VOID(check_name(name.value()));
  while (!passed(deadline)) {
    TRY(partition, pool_.get(name, missing));
    if (partition == nullptr) return absent;
    if (auto answer = use(*partition)) return std::move(*answer);
    pool_.drop(name, partition);
  }
  return failure(too_late());
}

template <class T, class Use>
StoreResult<T> SqliteEngine::on_blobs(const PartitionName& name, WhenMissing missing, Deadline deadline, StoreResult<T> absent,
                                      Use&& use) {
  return on<T>(name, missing, deadline, std::move(absent), [&](SqlitePartition& partition) -> SqlitePartition::Answer<T> {
    auto blobs = partition.blobs(deadline);
    if (!blobs) return std::nullopt;
    if (!*blobs) return failure(std::move(blobs->error()));
    return use(***blobs);
  });
}

std::vector<StoreResult<Committed>> SqliteEngine::commit_group(const PartitionName& name, std::vector<Batch> batches,
                                                               Durability durability, Deadline deadline) {
  using Outcomes = GroupCommit::Outcomes;
  if (batches.empty()) return {};
  StoreResult<Outcomes> outcomes;
  if (batches.size() > home_.limits.group_batches) {
    outcomes = failure(StoreError{StoreFailure::Refused, "a group has " + std::to_string(batches.size()) + " batches"});
  } else {
    outcomes = on<Outcomes>(name, WhenMissing::Make, deadline, Outcomes{},
                            [&](SqlitePartition& partition) -> SqlitePartition::Answer<Outcomes> {
                              auto answers = partition.commit_group(batches, durability, fence_, deadline);
                              if (!answers) return std::nullopt;
                              return std::move(*answers);
                            });
  }
  if (outcomes) return std::move(*outcomes);
  return Outcomes(batches.size(), failure(std::move(outcomes.error())));
}

StoreResult<std::optional<std::string>> SqliteEngine::get(const PartitionName& name, std::string_view key, Deadline deadline) {
  return on<std::optional<std::string>>(name, WhenMissing::AnswerNull, deadline, std::optional<std::string>{},
                                        [&](SqlitePartition& partition) { return partition.get(key, deadline); });
}

StoreResult<Page> SqliteEngine::scan(const PartitionName& name, const Scan& range, Deadline deadline) {
  return on<Page>(name, WhenMissing::AnswerNull, deadline, Page{},
                  [&](SqlitePartition& partition) { return partition.scan(range, deadline); });
}

StoreResult<Version> SqliteEngine::version(const PartitionName& name, Deadline deadline) {
  TRY_VOID(check_name(name.value()));
  if (passed(deadline)) return failure(too_late());
  if (const auto known = home_.watch.version(checksum(name.value()))) return *known;
  return on<Version>(name, WhenMissing::AnswerNull, deadline, Version{},
                     [&](SqlitePartition& partition) { return partition.version(deadline); });
}

StoreResult<> SqliteEngine::flush(const PartitionName& name, Deadline deadline) {
  return on<void>(name, WhenMissing::AnswerNull, deadline, {}, [&](SqlitePartition& partition) { return partition.flush(deadline); });
}

StoreResult<std::vector<BlobId>> SqliteEngine::put_blobs(const PartitionName& name, const std::vector<std::string_view>& bodies,
                                                         Durability durability, Deadline deadline) {
  for (const auto body : bodies)
    if (body.size() > home_.limits.blob_octets) return failure(StoreError{StoreFailure::Refused, "a blob is larger than the limit"});
  return on_blobs<std::vector<BlobId>>(name, WhenMissing::Make, deadline, std::vector<BlobId>{},
                                       [&](BlobPacks& packs) { return packs.put(bodies, durability, deadline); });
}

StoreResult<std::string> SqliteEngine::read_blob(const PartitionName& name, const BlobId& blob, std::uint64_t offset,
                                                 std::uint64_t octets, Deadline deadline) {
  return on_blobs<std::string>(name, WhenMissing::AnswerNull, deadline, no_blob(),
                               [&](BlobPacks& packs) { return packs.read(blob, offset, octets); });
}

StoreResult<> SqliteEngine::verify_blob(const PartitionName& name, const BlobId& blob, Deadline deadline) {
  return on_blobs<void>(name, WhenMissing::AnswerNull, deadline, no_blob(), [&](BlobPacks& packs) { return packs.verify(blob); });
}

StoreResult<> SqliteEngine::erase_blob(const PartitionName& name, const BlobId& blob, Deadline deadline) {
  return on_blobs<void>(name, WhenMissing::AnswerNull, deadline, no_blob(),
                        [&](BlobPacks& packs) { return packs.erase(blob, deadline); });
}

StoreResult<BlobMark> SqliteEngine::blob_mark(const PartitionName& name, Deadline deadline) {
  return on_blobs<BlobMark>(name, WhenMissing::AnswerNull, deadline, BlobMark{}, [&](BlobPacks& packs) { return packs.mark(deadline); });
}

StoreResult<BlobPage> SqliteEngine::list_blobs(const PartitionName& name, const BlobMark& from, const BlobMark& until,
                                               std::uint32_t limit, Deadline deadline) {
  return on_blobs<BlobPage>(name, WhenMissing::AnswerNull, deadline, BlobPage{{}, until, false},
                            [&](BlobPacks& packs) { return packs.list(from, until, limit, deadline); });
}

StoreResult<std::vector<PartitionName>> SqliteEngine::list_partitions(std::string_view prefix, Deadline deadline) {
  std::vector<PartitionName> names;
  TRY_VOID(collect({}, prefix, deadline, names));
  std::ranges::sort(names);
  return names;
}

// Every folder that holds an index is a partition; folders that cannot lead to the prefix are not entered.
StoreResult<> SqliteEngine::collect(const std::string& folder, std::string_view prefix, Deadline deadline,
                                    std::vector<PartitionName>& names) {
  if (passed(deadline)) return failure(too_late());
  auto entries = home_.disk.list(home_.root + "/" + folder);
  if (!entries && entries.error().kind == io::DiskFailure::NotFound) return {};
  if (!entries) return failure(store_error(std::move(entries.error())));
  for (const auto& entry : *entries) {
    const auto name = folder.empty() ? entry : folder + "/" + entry;
    if (entry == "index.sqlite" && folder.starts_with(prefix)) names.emplace_back(folder);
    const bool leads_there = name.starts_with(prefix) || prefix.starts_with(name + "/");
    if (!leads_there || !check_name(name)) continue;
    const auto info = home_.disk.info(home_.root + "/" + name);
    if (info && info->is_folder) TRY_VOID(collect(name, prefix, deadline, names));
  }
  return {};
}

StoreResult<> SqliteEngine::erase_partition(const PartitionName& name, Deadline deadline) {
  return on<void>(name, WhenMissing::AnswerNull, deadline, {}, [&](SqlitePartition& partition) { return partition.erase(deadline); });
}

std::unique_ptr<Watch> SqliteEngine::watch(const PartitionName& name, WatchCallback changed) {
  return watchers_->add(checksum(name.value()), std::move(changed));
}

StoreResult<Lease> SqliteEngine::take_lease(std::string_view name, Duration, Deadline deadline) {
  TRY_VOID(check_name(name));
  return leases_.take(name, deadline);
}

StoreResult<> SqliteEngine::release_lease(const Lease& lease) {
  TRY_VOID(check_name(lease.name));
  return leases_.release(lease);
}

}  // namespace hikyaku::storage
