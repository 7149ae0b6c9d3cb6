#include "io/posix_disk.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "io/test_folder.h"

using namespace hikyaku;
using namespace hikyaku::io;

namespace {
std::string read_all(File& file) {
  std::string content(*file.size(), '\0');
  REQUIRE(*file.read_at(0, content) == content.size());
  return content;
}
}  // namespace

TEST_CASE("posix disk: parts are written one after another, gaps read as zeros, reads stop at the end") {
  TestFolder folder;
  PosixDisk disk;
  auto file = *disk.open(folder / "a", OpenMode::Create);
  const std::string_view parts[] = {"one", "", "two", "three"};
  REQUIRE(file->write_at(2, parts));
  CHECK(read_all(*file) == std::string("\0\0onetwothree", 13));
  char into[8];
  CHECK(*file->read_at(8, into) == 5);
  CHECK(std::string_view(into, 5) == "three");
  CHECK(*file->read_at(100, into) == 0);
  REQUIRE(file->resize(5));
  CHECK(read_all(*file) == std::string("\0\0one", 5));
  CHECK(file->flush());
}

TEST_CASE("posix disk: more parts than one system call takes") {
  TestFolder folder;
  PosixDisk disk;
  auto file = *disk.open(folder / "a", OpenMode::CreateNew);
  const std::vector<std::string_view> parts(5000, "0123456789");
  REQUIRE(file->write_at(0, parts));
  const std::string content = read_all(*file);
  CHECK(content.size() == 50'000);
  CHECK(content.ends_with("789"));
}

TEST_CASE("posix disk: discard gives whole blocks back and keeps the size and the edges") {
  TestFolder folder;
  PosixDisk disk;
  auto file = *disk.open(folder / "a", OpenMode::Create);
  REQUIRE(file->write_at(0, std::string(5 * 4096, 'x')));
  REQUIRE(file->flush());
  REQUIRE(file->discard(100, 3 * 4096));  // whole blocks: 1 and 2
  const std::string content = read_all(*file);
  CHECK(content.size() == 5 * 4096);
  CHECK(content[4095] == 'x');
  CHECK(content.substr(4096, 8192) == std::string(8192, '\0'));
  CHECK(content[12288] == 'x');
  REQUIRE(file->discard(0, 4000));
  CHECK(read_all(*file) == content);
}

TEST_CASE("posix disk: errors have a kind, the call, the path and the system's words") {
  TestFolder folder;
  PosixDisk disk;
  const auto missing = disk.open(folder / "missing", OpenMode::ReadWrite);
  REQUIRE(!missing);
  CHECK(missing.error().kind == DiskFailure::NotFound);
  CHECK(missing.error().what == "open " + (folder / "missing") + ": No such file or directory");
  REQUIRE(disk.open(folder / "there", OpenMode::CreateNew));
  CHECK(disk.open(folder / "there", OpenMode::CreateNew).error().kind == DiskFailure::Exists);
  CHECK(disk.open(folder / "there/below", OpenMode::Create).error().kind == DiskFailure::NotFound);
  CHECK(disk.make_folder(folder / "there/below").error().what == "mkdir " + (folder / "there") + ": File exists");
  CHECK(disk.make_folder(folder / "there").error().kind == DiskFailure::Exists);
  CHECK(disk.remove(folder / "missing").error().kind == DiskFailure::NotFound);
  CHECK(disk.rename(folder / "missing", folder / "x").error().kind == DiskFailure::NotFound);
  CHECK(disk.list(folder / "missing").error().kind == DiskFailure::NotFound);
  CHECK(disk.info(folder / "missing").error().kind == DiskFailure::NotFound);
  CHECK(disk.sync_folder(folder / "missing").error().kind == DiskFailure::NotFound);
  CHECK(disk.free_octets(folder / "missing").error().kind == DiskFailure::NotFound);
  auto read_only = *disk.open(folder / "there", OpenMode::Read);
  CHECK(!read_only->write_at(0, "x"));
  CHECK(disk.open("/dev/full", OpenMode::ReadWrite).value()->write_at(0, "x").error().kind == DiskFailure::NoSpace);
}

TEST_CASE("posix disk: folders are made with their parents, listed sorted, removed when empty") {
  TestFolder folder;
  PosixDisk disk;
  REQUIRE(disk.make_folder(folder / "a/b//c/"));
  REQUIRE(disk.make_folder(folder / "a/b/c"));
  for (const char* name : {"z", "m", "0"}) REQUIRE(disk.open(folder / ("a/" + std::string(name)), OpenMode::Create));
  CHECK(*disk.list(folder / "a") == std::vector<std::string>{"0", "b", "m", "z"});
  CHECK(disk.info(folder / "a")->is_folder);
  CHECK(disk.remove(folder / "a/b").error().kind == DiskFailure::Exists);
  CHECK(disk.remove(folder / "a/b/c"));
  CHECK(disk.remove(folder / "a/b"));
  CHECK(disk.remove(folder / "a/z"));
  CHECK(disk.rename(folder / "a/m", folder / "a/0"));
  CHECK(*disk.list(folder / "a") == std::vector<std::string>{"0"});
  CHECK(disk.sync_folder(folder / "a"));
  CHECK(*disk.free_octets(folder / "a") > 0);
}

TEST_CASE("posix disk: a lock shuts out a second opening of the same process and of another, and ends with the file") {
  TestFolder folder;
  PosixDisk disk;
  auto first = *disk.open(folder / "lock", OpenMode::Create);
  auto second = *disk.open(folder / "lock", OpenMode::Create);
  REQUIRE(first->try_lock());
  CHECK(second->try_lock().error().kind == DiskFailure::Busy);
  {
    auto third = *disk.open(folder / "lock", OpenMode::Create);
  }  // a close elsewhere does not lose the lock
  CHECK(second->try_lock().error().kind == DiskFailure::Busy);
  first->unlock();
  CHECK(second->try_lock());
  CHECK(!first->try_lock());
  second.reset();
  CHECK(first->try_lock());
}

TEST_CASE("disk: replace_file leaves the old or the new content, and no other file") {
  TestFolder folder;
  PosixDisk disk;
  REQUIRE(replace_file(disk, folder / "f", "the first, a long one"));
  REQUIRE(replace_file(disk, folder / "f", "second"));
  CHECK(*read_file(disk, folder / "f") == "second");
  CHECK(disk.list(folder.path())->size() == 1);
  CHECK(read_file(disk, folder / "f", 5).error().kind == DiskFailure::Broken);
  CHECK(replace_file(disk, folder / "missing/f", "x").error().kind == DiskFailure::NotFound);
  REQUIRE(disk.make_folder(folder / "d/full"));
  CHECK(!replace_file(disk, folder / "d", "x"));  // a folder is not replaced by a file
  CHECK(disk.list(folder.path())->size() == 2);
}
