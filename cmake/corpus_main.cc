// Runs a fuzz target over every file of its corpus folder: the corpus is a regression test of its own.
// Usage: TARGET CORPUS_FOLDER. Fails when the folder is missing or empty, so that a lost corpus is noticed.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]), 2;
  int inputs = 0;
  std::error_code problem;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[1], problem)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++inputs;
  }
  if (inputs == 0) return std::fprintf(stderr, "no corpus in %s: add one file for each bug found\n", argv[1]), 1;
  std::printf("%d inputs, all survived\n", inputs);
}
