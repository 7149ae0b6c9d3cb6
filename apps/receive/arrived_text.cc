#include "apps/receive/arrived_text.h"

#include <algorithm>

#include "protocol/mime/header.h"

namespace hikyaku::receive {

std::string_view ArrivedText::of_memory() {
  if (!std::exchange(in_memory_, true)) chunk_begins_ = sink_.spilled_octets();
  const auto& chunks = sink_.in_memory();
  while (chunk_ < chunks.size() && at_ >= chunk_begins_ + chunks[chunk_].size()) chunk_begins_ += chunks[chunk_++].size();
  if (chunk_ == chunks.size()) return {};
  return std::string_view(chunks[chunk_]).substr(static_cast<std::size_t>(at_ - chunk_begins_));
}

Task<Result<std::string_view, std::string>> ArrivedText::next() {
  if (left_ == 0) co_return std::string_view{};
  std::string_view piece;
  if (at_ < sink_.spilled_octets()) {
    const auto octets = std::min({read_at_once, sink_.spilled_octets() - at_, left_});
    auto reading = workers_.run(loop_, [this, octets] { return sink_.read_spilled(at_, octets); });
    auto read = co_await std::move(reading);
    if (!read) co_return failure(std::string("all workers are busy"));
    if (!*read) co_return failure(read->error().what);
    piece_ = **std::move(read);
    piece = piece_;
  } else {
    piece = of_memory();
  }
  piece = piece.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), left_)));
  at_ += piece.size();
  left_ -= piece.size();
  co_return piece;
}

Task<Result<std::string, std::string>> header_of(ArrivedText given, std::size_t most) {
  ArrivedText text = std::move(given);
  std::string begun;
  for (;;) {
    auto reading = text.next();
    const auto piece = co_await std::move(reading);
    if (!piece) co_return failure(piece.error());
    begun += *piece;
    const auto octets = static_cast<std::size_t>(mime::header_octets(begun));
    if (octets < begun.size() || begun.ends_with("\r\n\r\n")) {
      begun.resize(octets);
      co_return begun;
    }
    if (piece->empty() || begun.size() > most) co_return begun;
  }
}

Task<Result<std::string, std::string>> whole_text(ArrivedText given) {
  ArrivedText text = std::move(given);
  std::string out;
  for (;;) {
    auto reading = text.next();
    const auto piece = co_await std::move(reading);
    if (!piece) co_return failure(piece.error());
    if (piece->empty()) co_return out;
    out += *piece;
  }
}

quarantine::Source text_of(const spool::MessageSink& sink) {
  return [&sink](const quarantine::To& to) -> spool::SpoolResult<> {
    for (std::uint64_t at = 0; at < sink.spilled_octets();) {
      TRY(piece, sink.read_spilled(at, std::min(ArrivedText::read_at_once, sink.spilled_octets() - at)));
      TRY_VOID(to(piece));
      at += piece.size();
    }
    for (const auto& chunk : sink.in_memory()) TRY_VOID(to(chunk));
    return {};
  };
}

}  // namespace hikyaku::receive
