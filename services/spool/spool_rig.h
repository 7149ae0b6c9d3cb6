// A spool on a simulated disk for tests: a writer that plays receive, and the spool that deliver opens. Deterministic: the
// writer is the journal itself, without IncomingWriter's threads.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "io/simulated_disk.h"
#include "services/spool/message_record.h"
#include "services/spool/spill_folder.h"
#include "services/spool/spool.h"
#include "storage/file_journal.h"

namespace hikyaku::spool {

class Rig {
 public:
  explicit Rig(std::uint64_t seed = 1) : disk({.seed = seed}), seed_(seed) {}

  [[nodiscard]] SpoolOptions options() const {
    SpoolOptions options{.folder = "/spool"};
    options.holding_segment_octets = 64 << 10;
    options.domains_segment_octets = 32 << 10;
    options.reserve_octets = 0;
    options.snapshot_every_octets = 8 << 10;
    options.blob_octets = 12 << 10;
    options.nonce_seed = seed_ * 2 + 1;
    return options;
  }
  [[nodiscard]] storage::FileJournalOptions incoming_options() const {
    // Reception stops well before the disk is full: holding and domains need the rest to drain it.
    return {.segment_octets = 128 << 10, .spare_segments = 1, .reserve_octets = 1 << 20, .nonce_seed = seed_};
  }

  std::unique_ptr<Spool> open() {
    auto spool = Spool::open(disk, options());
    REQUIRE_MESSAGE(spool, spool.error().what);
    return *std::move(spool);
  }

  // As receive does; false when it was not acknowledged.
  bool try_accept(std::uint32_t recipients, const std::string& text, TraceId* id = nullptr) {
    if (!writer_) {
      auto opened = storage::open_file_journal(disk, "/spool/incoming-1", incoming_options());
      if (!opened) return false;
      writer_ = *std::move(opened);
    }
    Envelope envelope;
    envelope.id = {1, 1, static_cast<std::uint32_t>(writer_->fencing_token()), ++sequence_};
    if (id != nullptr) *id = envelope.id;
    envelope.reverse_path.address = {"alice", "example.jp"};
    for (std::uint32_t i = 0; i < recipients; ++i)
      envelope.recipients.push_back({{"r" + std::to_string(i), "example.net"}, "", {}});
    envelope.body_octets = text.size();
    envelope.account = account;
    const bool blob = text.size() > 100'000;
    if (blob) {
      auto file = disk.open("/spool/incoming-1/" + blob_name(envelope.id), io::OpenMode::Create);
      if (!file || !(*file)->write_at(0, text) || !(*file)->flush() || !disk.sync_folder("/spool/incoming-1")) return false;
    }
    (void)writer_->tend_pool();
    const auto sum = blob && blob_form == BlobForm::Checked ? std::optional(checksum(text)) : std::nullopt;
    const auto head = encode(MessageHead{blob ? TextPlace::InBlob : TextPlace::InRecord, envelope, sum});
    const storage::Record record[] = {{head, {}}};
    const storage::Record whole[] = {{head, {text}}};
    return writer_->append(blob ? record : whole).has_value();
  }
  TraceId accept(std::uint32_t recipients, const std::string& text) {
    TraceId id;
    REQUIRE(try_accept(recipients, text, &id));
    return id;
  }
  // Every process dies; drop the spool before.
  void cut() {
    disk.cut();
    writer_.reset();
  }
  void kill() {
    disk.kill();
    writer_.reset();
  }

  [[nodiscard]] static Settlement delivered(const FreshMessage& message) {
    Settlement settlement{message.ref, {}, {}};
    for (const auto& one : message.open) settlement.outcomes.push_back({one.index, Outcome::Delivered, {}});
    return settlement;
  }
  [[nodiscard]] static Schedule schedule(std::uint32_t recipient) {
    Schedule out;
    out.recipient = recipient;
    out.destination = "example.net";
    out.attempts = 1;
    out.first_failed = WallTime{std::chrono::seconds{1'700'000'000}};
    out.next_due = out.first_failed + std::chrono::seconds{120};
    return out;
  }
  [[nodiscard]] static GeneratedMail bounce(const FreshMessage& message, const std::string& recipient) {
    GeneratedMail mail;
    mail.envelope.id = message.ref.id.derived(recipient, "bounce", 100);
    mail.envelope.recipients = {{message.envelope.reverse_path.address, "", {}}};
    mail.text = "could not deliver to " + recipient;
    return mail;
  }
  [[nodiscard]] std::size_t segments_of(const std::string& folder) {
    std::size_t count = 0;
    for (const auto& name : *disk.list("/spool/" + folder)) count += name.starts_with("segment-") ? 1 : 0;
    return count;
  }

  enum class BlobForm : std::uint8_t { Checked, First };  // the first had no checksum
  BlobForm blob_form = BlobForm::Checked;
  std::string account;  // of who sends what is accepted
  io::SimulatedDisk disk;

 private:
  const std::uint64_t seed_;
  std::unique_ptr<storage::JournalWriter> writer_;
  std::uint64_t sequence_ = 0;
};

}  // namespace hikyaku::spool
