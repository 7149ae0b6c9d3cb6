// SimulatedFile: an open file of the simulated disk. Private to io/simulated_*.cc.
#pragma once

#include <memory>
#include <string>

#include "io/simulated_node.h"

namespace hikyaku::io {

class SimulatedFile final : public File {
 public:
  SimulatedFile(SimulatedDisk& disk, std::string path, std::shared_ptr<SimulatedDisk::Node> node, OpenMode mode);
  ~SimulatedFile() override;
  using File::write_at;
  DiskResult<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override;
  std::size_t read_cached(std::uint64_t offset, std::span<char> into) override { return read_at(offset, into).value_or(0); }
  DiskResult<> write_at(std::uint64_t offset, std::span<const std::string_view> parts) override;
  DiskResult<> flush() override;
  DiskResult<std::uint64_t> size() override;
  DiskResult<> resize(std::uint64_t octets) override;
  DiskResult<> discard(std::uint64_t offset, std::uint64_t octets) override;
  DiskResult<> try_lock() override;
  void unlock() override;

 private:
  std::optional<DiskError> enter(DiskCall call);
  std::uint64_t allocate(std::uint64_t offset, std::uint64_t octets);

  SimulatedDisk& disk_;
  const std::string path_;
  const std::shared_ptr<SimulatedDisk::Node> node_;
  const OpenMode mode_;
  const std::uint64_t epoch_;
};

}  // namespace hikyaku::io
