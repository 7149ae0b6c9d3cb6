#include "io/simulated_file.h"

#include <algorithm>

namespace hikyaku::io {
namespace {
constexpr std::uint64_t block_octets = 4096;
}

SimulatedFile::SimulatedFile(SimulatedDisk& disk, std::string path, std::shared_ptr<SimulatedDisk::Node> node,
                             OpenMode mode)
    : disk_(disk), path_(std::move(path)), node_(std::move(node)), mode_(mode), epoch_(disk.epoch_) {}

SimulatedFile::~SimulatedFile() { unlock(); }

std::optional<DiskError> SimulatedFile::enter(DiskCall call) {
  if (epoch_ != disk_.epoch_) return DiskError{DiskFailure::Broken, path_ + ": opened before the power was cut"};
  return disk_.enter(call, path_);
}

DiskResult<std::size_t> SimulatedFile::read_at(std::uint64_t offset, std::span<char> into) {
  const std::lock_guard lock(disk_.mutex_);
  if (auto error = enter(DiskCall::Read)) return failure(*error);
  const auto& content = node_->visible;
  if (offset >= content.size()) return std::size_t{0};
  const auto octets = std::min<std::uint64_t>(into.size(), content.size() - offset);
  std::copy_n(content.data() + offset, octets, into.data());
  return static_cast<std::size_t>(octets);
}

// Takes blocks for the range as far as the disk has them; how many octets of the range fit.
std::uint64_t SimulatedFile::allocate(std::uint64_t offset, std::uint64_t octets) {
  auto& blocks = node_->blocks;
  const auto last = (offset + octets + block_octets - 1) / block_octets;
  if (blocks.size() < last) blocks.resize(last);
  for (auto block = offset / block_octets; block < last; ++block) {
    if (blocks[block]) continue;
    if ((disk_.used_blocks_ + 1) * block_octets > disk_.capacity_) {
      const auto start = block * block_octets;
      return start <= offset ? 0 : start - offset;
    }
    blocks[block] = true;
    ++disk_.used_blocks_;
  }
  return octets;
}

DiskResult<> SimulatedFile::write_at(std::uint64_t offset, std::span<const std::string_view> parts) {
  const std::lock_guard lock(disk_.mutex_);
  if (mode_ == OpenMode::Read) return failure(DiskError{DiskFailure::ReadOnly, path_ + ": opened for reading"});
  std::string octets;
  for (const auto part : parts) octets.append(part);
  auto error = enter(DiskCall::Write);
  if (error && epoch_ != disk_.epoch_) return failure(*error);
  if (error) octets.resize(octets.empty() ? 0 : disk_.random() % (octets.size() + 1));  // any part may be there
  const auto fits = allocate(offset, octets.size());
  if (fits < octets.size() && !error) {
    error = DiskError{DiskFailure::NoSpace, path_ + ": write: no space left on device"};
  }
  octets.resize(fits);
  if (!octets.empty()) {
    node_->pending.push_back({SimulatedDisk::Node::Kind::Write, offset, std::move(octets)});
    SimulatedDisk::Node::perform(node_->visible, node_->pending.back());
  }
  if (error) return failure(*error);
  return {};
}

DiskResult<> SimulatedFile::flush() {
  const std::lock_guard lock(disk_.mutex_);
  if (auto error = enter(DiskCall::Flush)) {
    // A flush that failed, as told from one that the power cut interrupted: the pages count as clean from now on.
    if (epoch_ == disk_.epoch_ && !disk_.stopped_) {
      auto seen = node_->visible;
      disk_.settle_content(*node_);
      node_->visible = std::move(seen);
    }
    return failure(*error);
  }
  for (const auto& change : node_->pending) SimulatedDisk::Node::perform(node_->stable, change);
  node_->pending.clear();
  return {};
}

DiskResult<std::uint64_t> SimulatedFile::size() {
  const std::lock_guard lock(disk_.mutex_);
  if (auto error = enter(DiskCall::Info)) return failure(*error);
  return std::uint64_t{node_->visible.size()};
}

DiskResult<> SimulatedFile::resize(std::uint64_t octets) {
  const std::lock_guard lock(disk_.mutex_);
  if (mode_ == OpenMode::Read) return failure(DiskError{DiskFailure::ReadOnly, path_ + ": opened for reading"});
  if (auto error = enter(DiskCall::Resize)) return failure(*error);
  node_->pending.push_back({SimulatedDisk::Node::Kind::Resize, octets, {}});
  node_->visible.resize(octets);
  auto& blocks = node_->blocks;
  for (auto block = (octets + block_octets - 1) / block_octets; block < blocks.size(); ++block)
    if (blocks[block]) blocks[block] = false, --disk_.used_blocks_;
  return {};
}

DiskResult<> SimulatedFile::discard(std::uint64_t offset, std::uint64_t octets) {
  const std::lock_guard lock(disk_.mutex_);
  if (mode_ == OpenMode::Read) return failure(DiskError{DiskFailure::ReadOnly, path_ + ": opened for reading"});
  if (auto error = enter(DiskCall::Discard)) return failure(*error);
  auto& blocks = node_->blocks;
  const auto first = (offset + block_octets - 1) / block_octets;
  const auto last = std::min<std::uint64_t>((offset + octets) / block_octets, blocks.size());
  if (first >= last) return {};
  for (auto block = first; block < last; ++block)
    if (blocks[block]) blocks[block] = false, --disk_.used_blocks_;
  node_->pending.push_back(
      {SimulatedDisk::Node::Kind::Discard, first * block_octets, std::string((last - first) * block_octets, '\0')});
  SimulatedDisk::Node::perform(node_->visible, node_->pending.back());
  return {};
}

DiskResult<> SimulatedFile::try_lock() {
  const std::lock_guard lock(disk_.mutex_);
  if (auto error = enter(DiskCall::Lock)) return failure(*error);
  if (node_->locked_by != nullptr && node_->locked_by != this)
    return failure(DiskError{DiskFailure::Busy, path_ + ": locked by somebody else"});
  node_->locked_by = this;
  return {};
}

void SimulatedFile::unlock() {
  const std::lock_guard lock(disk_.mutex_);
  if (epoch_ == disk_.epoch_ && node_->locked_by == this) node_->locked_by = nullptr;
}

}  // namespace hikyaku::io
