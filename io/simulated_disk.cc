#include "io/simulated_disk.h"

#include <algorithm>

#include "io/simulated_file.h"

namespace hikyaku::io {
namespace {
constexpr std::uint64_t sector_octets = 512;
constexpr std::uint64_t block_octets = 4096;

// "a//b/" and "a/b" are one name; "" is the root.
std::string normal(std::string_view path) {
  std::string out;
  for (const char c : path)
    if (c != '/' || (!out.empty() && out.back() != '/') || out.empty()) out += c;
  while (!out.empty() && out.back() == '/') out.pop_back();
  if (out == ".") out.clear();
  return out;
}

std::string_view parent(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

DiskError not_found(std::string_view call, std::string_view path) {
  return {DiskFailure::NotFound, std::string(call) + " " + std::string(path) + ": no such file or folder"};
}
}  // namespace

SimulatedDisk::SimulatedDisk(SimulatedDiskOptions options)
    : options_(options), capacity_(options.capacity_octets), random_state_(options.seed * 0x9e3779b97f4a7c15ULL + 1) {
  auto root = std::make_shared<Node>();
  root->is_folder = true;
  names_.emplace("", root);
  stable_names_.emplace("", root);
}

SimulatedDisk::~SimulatedDisk() = default;

// splitmix64: every seed is a good one.
std::uint64_t SimulatedDisk::random() {
  auto z = random_state_ += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::optional<DiskError> SimulatedDisk::enter(DiskCall call, std::string_view path) {
  ++counts_[static_cast<std::size_t>(call)];
  if (stopped_ || total_calls_++ >= stop_at_) {
    stopped_ = true;
    return DiskError{DiskFailure::Broken, std::string(path) + ": the power is off"};
  }
  for (auto& fault : faults_) {
    if (fault.call != call || fault.times == 0) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    --fault.times;
    fault_was_hit_ = true;
    return DiskError{fault.how, std::string(path) + ": failure injected by the test"};
  }
  return std::nullopt;
}

DiskResult<std::unique_ptr<File>> SimulatedDisk::open(std::string_view given, OpenMode mode) {
  const std::lock_guard lock(mutex_);
  const auto path = normal(given);
  if (auto error = enter(DiskCall::Open, path)) return failure(*error);
  auto at = names_.find(path);
  if (at == names_.end()) {
    if (mode == OpenMode::Read || mode == OpenMode::ReadWrite) return failure(not_found("open", path));
    const auto folder = names_.find(parent(path));
    if (folder == names_.end() || !folder->second->is_folder) return failure(not_found("open", path));
    at = names_.emplace(path, std::make_shared<Node>()).first;
    unsynced_.push_back({std::string(parent(path)), path, at->second, {}});
  } else if (mode == OpenMode::CreateNew) {
    return failure(DiskError{DiskFailure::Exists, "open " + path + ": it is there already"});
  }
  if (at->second->is_folder) return failure(DiskError{DiskFailure::NoPermission, "open " + path + ": a folder"});
  return std::make_unique<SimulatedFile>(*this, path, at->second, mode);
}

DiskResult<> SimulatedDisk::remove(std::string_view given) {
  const std::lock_guard lock(mutex_);
  const auto path = normal(given);
  if (auto error = enter(DiskCall::Remove, path)) return failure(*error);
  const auto at = names_.find(path);
  if (at == names_.end() || path.empty()) return failure(not_found("remove", path));
  const auto next = std::next(at);
  if (at->second->is_folder && next != names_.end() && next->first.starts_with(path + "/"))
    return failure(DiskError{DiskFailure::Exists, "remove " + path + ": the folder is not empty"});
  used_blocks_ -= static_cast<std::uint64_t>(std::ranges::count(at->second->blocks, true));
  at->second->blocks.clear();
  unsynced_.push_back({std::string(parent(path)), path, nullptr, {}});
  names_.erase(at);
  return {};
}

DiskResult<> SimulatedDisk::rename(std::string_view given_from, std::string_view given_to) {
  const std::lock_guard lock(mutex_);
  const auto from = normal(given_from), to = normal(given_to);
  if (auto error = enter(DiskCall::Rename, from)) return failure(*error);
  const auto at = names_.find(from);
  if (at == names_.end() || !names_.contains(parent(to))) return failure(not_found("rename", from));
  if (at->second->is_folder)
    return failure(DiskError{DiskFailure::NoPermission, "rename " + from + ": folders keep their names here"});
  if (from == to) return {};
  if (const auto old = names_.find(to); old != names_.end()) {
    used_blocks_ -= static_cast<std::uint64_t>(std::ranges::count(old->second->blocks, true));
    old->second->blocks.clear();
  }
  unsynced_.push_back({std::string(parent(to)), to, at->second, from});
  apply(names_, unsynced_.back());
  return {};
}

DiskResult<> SimulatedDisk::make_folder(std::string_view given) {
  const std::lock_guard lock(mutex_);
  const auto path = normal(given);
  if (auto error = enter(DiskCall::MakeFolder, path)) return failure(*error);
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const auto part = path.substr(0, end);
    if (const auto at = names_.find(part); at != names_.end()) {
      if (!at->second->is_folder) return failure(DiskError{DiskFailure::Exists, "make_folder " + part + ": a file"});
      continue;
    }
    auto node = std::make_shared<Node>();
    node->is_folder = true;
    names_.emplace(part, node);
    unsynced_.push_back({std::string(parent(part)), part, node, {}});
  }
  return {};
}

DiskResult<std::vector<std::string>> SimulatedDisk::list(std::string_view given) {
  const std::lock_guard lock(mutex_);
  const auto folder = normal(given);
  if (auto error = enter(DiskCall::List, folder)) return failure(*error);
  const auto found = names_.find(folder);
  if (found == names_.end() || !found->second->is_folder) return failure(not_found("list", folder));
  std::vector<std::string> out;
  const auto prefix = folder.empty() ? "" : folder + "/";
  for (auto at = names_.lower_bound(prefix); at != names_.end() && at->first.starts_with(prefix); ++at) {
    const auto name = std::string_view(at->first).substr(prefix.size());
    if (!name.empty() && !name.contains('/')) out.emplace_back(name);
  }
  return out;
}

DiskResult<FileInfo> SimulatedDisk::info(std::string_view given) {
  const std::lock_guard lock(mutex_);
  const auto path = normal(given);
  if (auto error = enter(DiskCall::Info, path)) return failure(*error);
  const auto at = names_.find(path);
  if (at == names_.end()) return failure(not_found("info", path));
  return FileInfo{at->second->visible.size(), at->second->is_folder};
}

DiskResult<> SimulatedDisk::sync_folder(std::string_view given) {
  const std::lock_guard lock(mutex_);
  const auto folder = normal(given);
  if (auto error = enter(DiskCall::SyncFolder, folder)) return failure(*error);
  if (!names_.contains(folder)) return failure(not_found("sync_folder", folder));
  std::erase_if(unsynced_, [&](const NameChange& change) {
    if (change.folder != folder) return false;
    apply(stable_names_, change);
    return true;
  });
  return {};
}

DiskResult<std::uint64_t> SimulatedDisk::free_octets(std::string_view path) {
  const std::lock_guard lock(mutex_);
  if (auto error = enter(DiskCall::FreeOctets, path)) return failure(*error);
  const auto used = used_blocks_ * block_octets;
  return used >= capacity_ ? 0 : capacity_ - used;
}

void SimulatedDisk::apply(Names& names, const NameChange& change) const {
  if (change.node)
    names.insert_or_assign(change.name, change.node);
  else
    names.erase(change.name);
  if (!change.old_name.empty()) names.erase(change.old_name);
}

// Each unsynced change of a name, in order: there or not. What then hangs below a missing folder is gone.
void SimulatedDisk::settle_names() {
  for (const auto& change : unsynced_)
    if (random() % 2 == 0) apply(stable_names_, change);
  unsynced_.clear();
  std::erase_if(stable_names_, [&](const auto& entry) {
    const std::string_view path = entry.first;
    return !path.empty() && !stable_names_.contains(parent(path));
  });
  names_ = stable_names_;
}

// Each unflushed write, in order: dropped, kept, or decided sector by sector.
void SimulatedDisk::settle_content(Node& node) {
  for (auto& change : node.pending) {
    const auto fate = random() % 4;
    if (fate == 0) continue;
    if (fate == 1 || change.kind != Node::Kind::Write) {
      Node::perform(node.stable, change);
      continue;
    }
    const auto end = change.offset + change.octets.size();
    const auto size_before = node.stable.size();
    for (auto sector = change.offset / sector_octets * sector_octets; sector < end; sector += sector_octets) {
      const auto from = std::max(sector, change.offset);
      const auto until = std::min(sector + sector_octets, end);
      const auto written = std::string_view(change.octets).substr(from - change.offset, until - from);
      const auto how = random() % (options_.torn == TornSector::OldOrNew ? 2 : 3);
      if (how == 0) continue;
      if (how == 1) {
        Node::put(node.stable, from, written);
        continue;
      }
      const bool whole = options_.torn == TornSector::Noise;
      std::string noise(whole ? std::max(std::min(sector + sector_octets, size_before), until) - sector : until - from,
                        '\0');
      for (auto& octet : noise) octet = static_cast<char>(random());
      Node::put(node.stable, whole ? sector : from, noise);
    }
  }
  node.pending.clear();
  node.visible = node.stable;
}

void SimulatedDisk::cut() {
  const std::lock_guard lock(mutex_);
  settle_names();
  used_blocks_ = 0;
  for (const auto& [path, node] : names_) {
    settle_content(*node);
    node->locked_by = nullptr;
    node->blocks.resize((node->visible.size() + block_octets - 1) / block_octets, true);
    used_blocks_ += static_cast<std::uint64_t>(std::ranges::count(node->blocks, true));
  }
  ++epoch_, ++cuts_;
  stopped_ = false, stop_at_ = UINT64_MAX;
}

void SimulatedDisk::kill() {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, node] : names_) node->locked_by = nullptr;
  ++epoch_;
  stopped_ = false, stop_at_ = UINT64_MAX;
}

void SimulatedDisk::stop_after(std::uint64_t calls) {
  const std::lock_guard lock(mutex_);
  stop_at_ = total_calls_ + calls;
}

bool SimulatedDisk::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void SimulatedDisk::fail(DiskCall call, std::uint64_t nth, DiskFailure how, std::uint64_t times) {
  const std::lock_guard lock(mutex_);
  faults_.push_back({call, nth - 1, times, how});
  fault_was_hit_ = false;
}

void SimulatedDisk::clear_faults() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
  fault_was_hit_ = false;
}

bool SimulatedDisk::fault_was_hit() const {
  const std::lock_guard lock(mutex_);
  return fault_was_hit_;
}

void SimulatedDisk::set_capacity(std::uint64_t octets) {
  const std::lock_guard lock(mutex_);
  capacity_ = octets;
}

DiskResult<> SimulatedDisk::damage(std::string_view given, std::uint64_t offset, std::uint64_t octets) {
  const std::lock_guard lock(mutex_);
  const auto at = names_.find(normal(given));
  if (at == names_.end()) return failure(not_found("damage", given));
  for (auto* content : {&at->second->visible, &at->second->stable})
    for (auto i = offset; i < std::min<std::uint64_t>(offset + octets, content->size()); ++i)
      (*content)[i] = static_cast<char>((*content)[i] ^ 0x5a);
  return {};
}

std::uint64_t SimulatedDisk::calls(DiskCall call) const {
  const std::lock_guard lock(mutex_);
  return counts_[static_cast<std::size_t>(call)];
}

std::uint64_t SimulatedDisk::all_calls() const {
  const std::lock_guard lock(mutex_);
  return total_calls_;
}

std::uint64_t SimulatedDisk::used_octets() const {
  const std::lock_guard lock(mutex_);
  return used_blocks_ * block_octets;
}

std::uint64_t SimulatedDisk::cuts() const {
  const std::lock_guard lock(mutex_);
  return cuts_;
}

}  // namespace hikyaku::io
