// Power cuts, crashes and failing calls against a file journal, with a plain list as the model.
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "io/simulated_disk.h"
#include "storage/file_journal.h"

using namespace hikyaku;
using namespace hikyaku::storage;

namespace {

std::uint64_t seeds() {
  const char* wanted = std::getenv("HIKYAKU_POWER_CUT_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 100;
}

// One journal's life under one seed: appends, reads, releases, tends, dies, is taken over, again and again.
class Story {
 public:
  explicit Story(std::uint64_t seed) : random_(seed), disk_({.seed = seed}) {
    options_ = {.segment_octets = 32 << 10, .spare_segments = 1, .reserve_octets = 0, .nonce_seed = seed};
    options_.index = seed % 3 == 0 ? HeadIndex::None : HeadIndex::Written;
  }

  void run() {
    for (int life = 0; life < 12; ++life) {
      if (chance(2)) {
        const auto kind = chance(2) ? io::DiskCall::Flush : io::DiskCall::Write;
        disk_.fail(kind, 1 + random_() % 30, io::DiskFailure::Broken);
      }
      disk_.stop_after(random_() % 150);
      live();
      writer_.reset();
      reader_.reset();
      disk_.clear_faults();
      if (chance(3)) {
        disk_.kill();
      } else {
        disk_.cut();
        // What was written and not flushed may or may not be there from now on.
        for (auto& one : model_)
          if (one.state == State::Written) one.state = State::Maybe;
      }
      verify();
    }
  }

 private:
  // Doubtful: a takeover failed to flush it and a later one could not know; it was never acknowledged.
  enum class State { Durable, Written, Maybe, Void, Doubtful };
  struct Known {
    std::string name;
    State state;
    Position at;
    bool released = false;
    std::uint64_t group = 0;
  };

  bool chance(std::uint64_t of) { return random_() % of == 0; }
  std::string body_of(const std::string& name) const { return std::string(name.size() * 997 % 5000, name.back()) + name; }

  void live() {
    auto writer = open_file_journal(disk_, "j", options_);
    if (!writer) {
      if (disk_.fault_was_hit())
        for (auto& one : model_)
          if (one.state == State::Written || one.state == State::Maybe) one.state = State::Doubtful;
      return;
    }
    writer_ = *std::move(writer);
    auto reader = open_file_journal_reader(disk_, "j", options_);
    if (!reader) return;
    reader_ = *std::move(reader);
    CHECK(writer_->fencing_token() > last_token_);
    last_token_ = writer_->fencing_token();
    while (!disk_.stopped()) {
      switch (random_() % 8) {
        case 0: (void)writer_->tend_pool(); break;
        case 1: if (chance(4)) flush_or_seal([&] { return writer_->seal(); }); break;
        case 2: read_and_release(); break;
        case 3: write_only(); break;
        default: append_group();
      }
    }
  }

  std::vector<Position> write_group(std::uint64_t& first) {
    std::vector<std::string> heads, bodies;
    const auto count = 1 + random_() % 5;
    for (std::uint64_t i = 0; i < count; ++i) {
      heads.push_back("m" + std::to_string(next_++) + std::string(random_() % 40, '.'));
      bodies.push_back(body_of(heads.back()));
    }
    std::vector<Record> group;
    for (std::uint64_t i = 0; i < count; ++i) group.push_back({heads[i], {bodies[i]}});
    first = model_.size();
    ++groups_;
    const auto at = writer_->write(group);
    // A record of a write that failed may have reached the disk when the power went in the middle; it may not when
    // the journal itself saw the failure and went on.
    for (std::uint64_t i = 0; i < count; ++i)
      model_.push_back({heads[i], at ? State::Written : State::Maybe, at ? (*at)[i] : Position{}, false, groups_});
    if (!at) {
      for (auto& one : model_) {
        if (one.group == groups_) one.state = failed_state();
        // Groups before it may have been flushed on the way, when a segment was full.
        else if (one.state == State::Written) one.state = disk_.fault_was_hit() ? State::Doubtful : State::Maybe;
      }
    }
    return at.value_or(std::vector<Position>{});
  }

  // The journal answered an error and lives: nothing of it may ever be seen. When it died in this call nobody knows.
  State failed_state() const {
    if (!disk_.stopped()) return State::Void;
    return disk_.fault_was_hit() ? State::Doubtful : State::Maybe;
  }

  void write_only() {
    std::uint64_t first = 0;
    write_group(first);
  }

  void append_group() {
    std::uint64_t first = 0;
    if (!write_group(first).empty()) flush_or_seal([&] { return writer_->flush(); });
  }

  template <class Call>
  void flush_or_seal(Call call) {
    const auto newest = model_.empty() ? Position{} : model_.back().at;
    const bool done = call().has_value();
    for (auto& one : model_)
      if (one.state == State::Written)
        one.state = done || one.at.segment != newest.segment ? State::Durable : disk_.stopped() ? failed_state() : State::Maybe;
  }

  void read_and_release() {
    const auto page = reader_->heads(chance(3) ? Position{} : next_read_, 1 + random_() % 20);
    if (!page) return;
    next_read_ = page->next;
    for (const auto& head : page->heads) {
      const auto* known = find(head.head);
      REQUIRE(known != nullptr);
      CHECK_MESSAGE(!known->released, head.head << " was released and is shown");
      CHECK_MESSAGE(known->state != State::Void, head.head << " is void and is shown");
      const auto body = reader_->body(head.at, 0, UINT32_MAX);
      if (body) CHECK(*body == body_of(head.head));
    }
    for (const auto segment : page->finished) {
      if (!chance(2)) continue;
      const bool done = reader_->release(segment).has_value();
      for (auto& one : model_)  // after an error either may be true
        if (one.at.segment == segment && done) one.released = true;
        else if (one.at.segment == segment && one.state != State::Doubtful) one.state = State::Maybe;
    }
  }

  Known* find(std::string_view name) {
    for (auto& one : model_)
      if (one.name == name) return &one;
    return nullptr;
  }

  // After a restart: everything durable and unreleased is there once, in order, whole; groups are whole or absent.
  void verify() {
    auto writer = open_file_journal(disk_, "j", options_);
    REQUIRE_MESSAGE(writer, writer.error().what);
    last_token_ = (*writer)->fencing_token();
    auto reader = open_file_journal_reader(disk_, "j", options_);
    REQUIRE_MESSAGE(reader, reader.error().what);
    std::vector<std::uint64_t> seen(model_.size());
    Position from, last;
    for (;;) {
      const auto page = (*reader)->heads(from, 9);
      REQUIRE_MESSAGE(page, page.error().what);
      for (const auto& head : page->heads) {
        auto* known = find(head.head);
        REQUIRE_MESSAGE(known != nullptr, "nobody wrote " << head.head);
        CHECK(head.at > last);
        last = head.at;
        CHECK_MESSAGE(!known->released, head.head << " came back after release");
        ++seen[static_cast<std::size_t>(known - model_.data())];
        if (known->state == State::Maybe || known->state == State::Written) known->at = head.at;
        const auto body = (*reader)->body(head.at, 0, UINT32_MAX);
        if (known->state == State::Doubtful) continue;
        REQUIRE_MESSAGE(body, body.error().what);
        CHECK(*body == body_of(head.head));
      }
      if (page->heads.empty() && page->next == from) break;
      from = page->next;
    }
    const bool doubt = std::ranges::any_of(model_, [](const auto& one) { return one.state == State::Doubtful; });
    CHECK((doubt || (*reader)->damaged_records() == 0));
    for (std::size_t i = 0; i < model_.size(); ++i) {
      auto& one = model_[i];
      CHECK_MESSAGE(seen[i] <= 1, one.name << " is there twice");
      if (one.state == State::Durable && !one.released)
        CHECK_MESSAGE(seen[i] == 1, one.name << " was acknowledged and is lost" << one.at.segment.value() << ":" << one.at.offset);
      if (one.state == State::Written && !one.released)
        CHECK_MESSAGE(seen[i] == 1, one.name << " was written, nobody cut the power, and it is lost");
      if (i > 0 && model_[i - 1].group == one.group && one.state == State::Maybe && model_[i - 1].state == State::Maybe)
        CHECK_MESSAGE(seen[i] == seen[i - 1], one.name << ": half a group is there");
      // What a recovery found is durable now, what it did not is gone for ever.
      if (one.state == State::Maybe || one.state == State::Written) one.state = seen[i] != 0 ? State::Durable : State::Void;
    }
    settled_groups_ = groups_;
    next_read_ = {};
  }

  std::mt19937_64 random_;
  io::SimulatedDisk disk_;
  FileJournalOptions options_;
  std::unique_ptr<JournalWriter> writer_;
  std::unique_ptr<JournalReader> reader_;
  std::vector<Known> model_;
  std::uint64_t next_ = 1, groups_ = 0, settled_groups_ = 0, last_token_ = 0;
  Position next_read_;
};
}  // namespace

TEST_CASE("file journal: power cuts and crashes at random instants lose nothing acknowledged") {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    CAPTURE(seed);
    Story story(seed);
    story.run();
  }
}
