# Runs files of tests again and again inside the sandbox: in other orders, and each test alone, every time in a process of its own. Leyden
# writes the request and reads the answers, one JSON object a line.
#
#     ruby minitest_runs.rb REQUEST ANSWERS
#
# request: {tests: [files], with_class, shuffled, alone, first_decides, seed, limit_s, measure, file, load_path, mutants}
require "coverage"
require "json"
require_relative "ruby_variants"

ENV.delete("LD_PRELOAD")
request = JSON.parse(File.read(ARGV[0]))
answers = File.open(ARGV[1], File::WRONLY | File::CREAT | File::TRUNC | File::APPEND)
answers.sync = true
answer = ->(line) { answers.write("#{JSON.generate(line)}\n") }
begin
  require "minitest"
rescue LoadError => e
  answer.call("failed" => "no minitest: #{e.message}")
  exit!(1)
end

# Every test as [class, method], in the order of their names.
def collected(request)
  request["tests"].each { |file| load file }
  Minitest::Runnable.runnables.flat_map { |kind| kind.public_instance_methods(true).grep(/\Atest_/).sort.map { |name| [kind, name.to_s] } }
end

def outcome_of(result)
  return ["passed", ""] if result.passed?
  return ["skipped", ""] if result.skipped?

  ["failed", result.failures.map(&:message).join("\n")[0, 1200]]
end

def run(request, measured:, mutant: nil)
  $LOAD_PATH.unshift(*request["load_path"])
  nowhere = File.open(File::NULL, "w")
  [$stdout, $stderr].each { |stream| stream.reopen(nowhere) }
  Coverage.start(lines: true, branches: true) if measured
  Leyden::Variants.load(request["file"], Leyden::Variants.compiled(request["file"], mutant)) if mutant
  begin
    tests = collected(request)
  # leyden:ignore ruby.rescue-exception what the tested program raises is its answer, whatever it is
  rescue Exception => e
    return { "outcomes" => [], "errors" => ["#{e.class}: #{e.message}"[0, 600]] }
  end
  outcomes = yield(tests).map { |kind, name| [request["with_class"] ? "#{kind}##{name}" : name, *outcome_of(kind.new(name).run)] }
  told = { "outcomes" => outcomes, "errors" => [] }
  told["reached"] = Leyden::Variants.arcs_of(Coverage.result[request["file"]] || { lines: [], branches: {} }) if measured
  told
end

Leyden::Variants.require_libraries(request["file"])
told_by = lambda do |name, limit_s, **more, &chosen|
  told = Leyden::Variants.in_child(limit_s) { |say| say.call(run(request, measured: false, **more, &chosen)) }
  told = { "outcomes" => [], "broken" => "timed out or ended without an answer" } unless told
  answer.call({ "run" => name }.merge(told))
  told
end

first = told_by.call("first", request["limit_s"], measured: request["measure"]) { |tests| tests }
good = !first["broken"] && !first["outcomes"].empty? && first["outcomes"].all? { |_, outcome, _| outcome == "passed" }
if good || !request["first_decides"]
  request["shuffled"].times do |i|
    told_by.call("shuffled #{i}", request["limit_s"]) { |tests| tests.shuffle(random: Random.new(request["seed"] + i)) }
  end
  names = request["alone"] ? first["outcomes"].map(&:first) : []
  names.each { |name| told_by.call("alone #{name}", request["limit_s"]) { |tests| tests.select { |_, one| one == name } } }
  request["mutants"].each_with_index { |mutant, number| told_by.call("mutant #{number}", [5, request["limit_s"]].min, mutant: mutant) { |tests| tests } }
end
answer.call("done" => true)
exit!(0)
