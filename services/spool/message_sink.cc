#include "services/spool/message_sink.h"

#include <algorithm>

#include "base/check.h"
#include "services/spool/spill_folder.h"

namespace hikyaku::spool {
namespace {
constexpr std::size_t first_chunk_octets = 16 << 10;
constexpr std::size_t chunk_octets = 64 << 10;
}  // namespace

MessageBody::MessageBody() = default;
MessageBody::MessageBody(std::string text) : octets_(text.size()) { chunks_.push_back(std::move(text)); }
MessageBody::MessageBody(MessageBody&&) noexcept = default;
MessageBody& MessageBody::operator=(MessageBody&&) noexcept = default;
MessageBody::~MessageBody() = default;

MessageSink::MessageSink(std::shared_ptr<SpillFolder> folder) : folder_(std::move(folder)) {}
MessageSink::MessageSink(MessageSink&&) noexcept = default;
MessageSink& MessageSink::operator=(MessageSink&&) noexcept = default;
MessageSink::~MessageSink() = default;

// Chunks never grow beyond what they reserved, so no octet is copied twice.
void MessageSink::append(std::string_view octets) {
  octets_ += octets.size();
  in_memory_ += octets.size();
  while (!octets.empty()) {
    if (chunks_.empty() || chunks_.back().size() == chunks_.back().capacity()) {
      chunks_.emplace_back();
      chunks_.back().reserve(std::max(octets.size(), chunks_.size() == 1 ? first_chunk_octets : chunk_octets));
    }
    auto& chunk = chunks_.back();
    const auto part = octets.substr(0, chunk.capacity() - chunk.size());
    chunk.append(part);
    octets.remove_prefix(part.size());
  }
}

SpoolResult<> MessageSink::spill() {
  TRY_VOID(folder_->expect_room());
  if (!file_) {
    TRY(made, folder_->make());
    file_ = std::move(made);
  }
  for (const auto& chunk : chunks_) TRY_VOID(file_->append(chunk));
  chunks_.clear();
  in_memory_ = 0;
  return {};
}

// The first octets of what is in memory.
void MessageSink::drop_from_memory(std::uint64_t octets) {
  octets_ -= octets;
  in_memory_ -= static_cast<std::size_t>(octets);
  std::size_t chunk = 0;
  while (chunk < chunks_.size() && octets >= chunks_[chunk].size()) octets -= chunks_[chunk++].size();
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(chunk));
  if (octets > 0) chunks_.front().erase(0, static_cast<std::size_t>(octets));
}

SpoolResult<> MessageSink::put_first(std::string octets, std::uint64_t instead_of) {
  check(instead_of <= octets_, "what is replaced is there");
  if (!file_) {
    drop_from_memory(instead_of);
    octets_ += octets.size();
    in_memory_ += octets.size();
    chunks_.insert(chunks_.begin(), std::move(octets));
    return {};
  }
  const auto of_file = std::min(instead_of, file_->octets());
  TRY_VOID(folder_->expect_room(octets.size() + file_->octets() - of_file));
  TRY(made, folder_->make());
  TRY_VOID(made->append(octets));
  TRY_VOID(made->append(*file_, of_file));
  file_ = std::move(made);
  drop_from_memory(instead_of - of_file);
  octets_ += octets.size();
  octets_ -= of_file;
  return {};
}

SpoolResult<std::string> MessageSink::read_spilled(std::uint64_t offset, std::uint64_t octets) const { return file_->read(offset, octets); }

SpoolResult<MessageBody> MessageSink::finish() {
  if (file_) {
    TRY_VOID(spill());
    // A blob must be durable before the record that names it; done here, on a worker, not on the flusher.
    if (octets_ > folder_->inline_octets()) TRY_VOID(file_->flush());
  }
  MessageBody body;
  body.chunks_ = std::move(chunks_);
  body.file_ = std::move(file_);
  body.octets_ = octets_;
  chunks_.clear();
  in_memory_ = 0, octets_ = 0;
  return body;
}

}  // namespace hikyaku::spool
