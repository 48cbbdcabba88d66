"""The table of attacks: what each is about, what it stands on, and what has to become of it.

An attack is a folder of files (or a maker, where a repository cannot hold them) that is laid over an honest submission,
its twin. ``_weak`` is honest and wrong in every way that an attack may want to hide; ``_honest`` earns all points; ``_slow``
is right, but does not learn; ``_boasting`` claims what it has not done; ``_automatic`` leaves its backward pass to autograd.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.hostile import makers
from tests.hostile.makers import Maker


@dataclass(frozen=True)
class Case:
    """One attack. ``seen`` are kinds of fault of which one has to have come of it, so that an attack that does not run is noticed."""

    name: str
    attacks: str
    twin: str = "_weak"
    seen: tuple[str, ...] = ()
    make: Maker | None = None
    reads_only: bool = False  # the attack is in files that are read: what the worker says is what it says to the twin
    lasting: bool = False  # it may leave something behind: the next submission's experiment is run anew, too
    only: tuple[str, ...] = ()  # the criteria that it can touch; all where there are none


_DIED = ("died", "deadline", "import", "experiment", "export", "forward", "build", "backward")
_BROKEN = ("request", "deadline", "died", "network", "result", "import")

RUN = ("run.accuracy",)
LAYERS = ("gate.layer", "gate.backward", "gate.parameters")

CASES = (
    # --- values that agree with everything, and patches of what marks are computed with
    Case("always_equal_numbers", "comparisons of what an experiment returned", only=RUN),
    Case("always_equal_document", "the reading of an experiment's document", only=RUN),
    Case("patched_eq", "torch.Tensor.__eq__"),
    Case("patched_argmax", "torch.argmax, Tensor.max"),
    Case("patched_allclose", "torch.allclose, torch.equal"),
    Case("patched_manual_seed", "torch.manual_seed"),
    Case("patched_optimizers", "the optimisers' steps"),
    Case("patched_loss", "the loss"),
    Case("patched_call", "nn.Module.__call__"),
    Case("patched_parameters", "parameters() and named_parameters()"),
    Case("patched_state_dict", "state_dict()"),
    Case("patched_numel", "numel()"),
    Case("patched_export", "torch.export.export"),
    Case("patched_backward", "torch.autograd.backward"),
    Case("patched_probes", "the worker's probes"),
    Case("patched_write_frame", "the worker's writing of answers"),
    Case("patched_examiner", "records of marks in its own process"),
    Case("printed_score", "a reader of what is printed"),
    # --- forged answers
    Case("forged_on_every_descriptor", "the examiner's reading, on every descriptor", twin="_boasting", seen=_BROKEN),
    Case("forged_on_stdout", "the examiner's reading, on standard output"),
    Case("forged_values", "shapes that only the worker can tell"),
    Case("hands_on_backward", "an own backward, by a function behind autograd's work", twin="_automatic", only=LAYERS),
    Case("scaled_activation", "the comparison with standard layers, by a factor", only=LAYERS),
    Case("decoy_function", "the names of the functions met on the way back"),
    Case("frame_of_2_to_the_60", "the size of a body", seen=_BROKEN, only=RUN),
    Case("header_of_4_gigabytes", "the size of a header", seen=_BROKEN, only=RUN),
    Case("lying_safetensors", "the reading of tensors", seen=_BROKEN, only=RUN),
    Case("pickle_as_body", "the reading of tensors, by a pickle", seen=_BROKEN, only=RUN),
    Case("deep_header", "the reading of a header", seen=_BROKEN, only=RUN),
    Case("dripping_frame", "the waiting for a frame", seen=("deadline",), only=RUN),
    Case("expression_in_the_graph", "the reading of a graph", seen=_BROKEN),
    # --- networks that are not what they seem
    Case("other_while_exported", "which network is exported: is_exporting()"),
    Case("good_in_training", "which network is trained: the mode"),
    Case("good_in_evaluation", "which network is measured: the mode"),
    Case("other_for_some_batches", "which network is exported: the batch size"),
    Case("writes_into_its_input", "the examiner's images"),
    Case("state_in_a_buffer", "the examiner's runs, one by the other"),
    Case("graph_of_10_to_the_12", "the examiner's memory", seen=("network", "export", "forward")),
    Case("graph_of_many_products", "the examiner's time", seen=("network", "export", "forward", "died", "deadline")),
    Case("many_nodes", "the examiner's time, by nodes", seen=("network", "export", "deadline", "forward")),
    Case("nan_logits", "comparisons with NaN"),
    Case("infinite_logits", "comparisons with infinity"),
    Case("nan_weights", "comparisons with NaN, in weights"),
    Case("answers_by_hash", "held-out images, by their hash"),
    Case("answers_behind_softmax", "held-out images, by a table behind a softmax"),
    Case("shipped_weights", "fresh weights", twin="_slow"),
    Case("shipped_weights_with_noise", "fresh weights, noise against comparison", twin="_slow"),
    Case("shipped_backbone", "fresh weights, under a fresh head", twin="_slow"),
    Case("shipped_backbone_with_noise", "fresh weights, under a fresh head, noise against comparison", twin="_slow"),
    Case("shipped_as_vectors", "fresh weights, without a matrix", twin="_slow"),
    Case("other_code_in_a_function", "fresh weights, by the code under a function of the worker", twin="_slow"),
    Case("shipped_for_export_only", "fresh weights, by telling one build from the other", twin="_slow"),
    Case("other_weights_in_the_answer", "fresh weights, in an answer of the right form", twin="_slow"),
    # --- ends that do not come, or come too soon
    Case("exit_while_imported", "the worker's life: os._exit(0)", seen=("died",), only=RUN),
    Case("exit_in_forward", "the worker's life: sys.exit", seen=_DIED, only=LAYERS),
    Case("endless_exit_handler", "the worker's end: atexit", seen=_DIED, lasting=True, only=RUN),
    Case("swallowed_signals", "the deadline: signal handlers", seen=("deadline",), only=RUN),
    Case("endless_finally", "the deadline: finally", seen=("deadline",), only=RUN),
    Case("loop_while_imported", "the deadline, at import", seen=("deadline",), only=RUN),
    Case("loop_in_constructor", "the deadline, in a constructor", seen=("deadline",), only=LAYERS),
    Case("loop_in_forward", "the deadline, in forward", seen=("deadline",), only=LAYERS),
    Case("loop_in_backward", "the deadline, in backward", seen=("deadline",), only=LAYERS),
    Case("crash_in_native_code", "the worker's life: address 0", seen=("died",), only=RUN),
    Case("closes_all_descriptors", "the examiner's reading: a closed pipe", seen=("died", "deadline"), only=RUN),
    Case("stops_itself", "the deadline: SIGSTOP", seen=("deadline", "died"), only=RUN),
    # --- resources
    Case("memory_while_imported", "the machine's memory, at import", seen=_DIED, lasting=True, only=RUN),
    Case("memory_in_forward", "the machine's memory, in forward", seen=_DIED, only=LAYERS),
    Case("memory_of_children", "the machine's memory, by many processes", lasting=True, only=RUN),
    Case("fork_bomb", "the machine's processes", seen=_DIED, lasting=True, only=RUN),
    Case("process_flood", "the machine's processes, one by one", lasting=True, only=RUN),
    Case("daemon", "the end of a grading: a session of its own", lasting=True, only=RUN),
    Case("daemon_without_traces", "the end of a grading: no parent, no environment", lasting=True, only=RUN),
    Case("endless_threads", "the end of a grading: threads", only=RUN),
    Case("full_disk", "the machine's disk", lasting=True, only=RUN),
    Case("many_files", "the machine's file table", only=RUN),
    # --- what is not theirs
    Case("reads_the_rubric", "the rubric and the reference", only=RUN),
    Case("reads_around", "the data root, other submissions, the gradebook", only=RUN),
    Case("reads_processes", "/proc: environments and command lines", only=RUN),
    Case("reads_memory", "/proc: memory", only=RUN),
    Case("reads_its_environment", "its own environment, arguments and descriptors", only=RUN),
    Case("traces_the_examiner", "other processes: ptrace", only=RUN),
    Case("ends_the_examiner", "other processes: signals", only=RUN),
    Case("native_calls", "limits and name spaces, by the C library", lasting=True, only=RUN),
    Case("writes_to_packages", "the installed packages", lasting=True, only=RUN),
    Case("writes_to_the_grader", "the grader's own files", lasting=True, only=RUN),
    Case("writes_to_the_home", "the home folder and those open to all", only=RUN),
    Case("writes_to_the_gradebook", "the gradebook, the report, other submissions", only=RUN),
    Case("writes_to_itself", "the copy of the submission, and the worker", lasting=True, only=RUN),
    Case("connects_by_tcp", "the network: TCP", only=RUN),
    Case("asks_for_names", "the network: DNS", only=RUN),
    Case("connects_to_an_abstract_socket", "the network: a socket without a file", only=RUN),
    Case("connects_to_a_socket_file", "the network: a socket with a file", only=RUN),
    # --- names
    Case("module_named_torch", "the worker's imports"),
    Case("module_named_numpy", "the worker's imports"),
    Case("module_named_json", "the worker's imports"),
    Case("module_named_safetensors", "the worker's imports"),
    Case("package_named_grader", "the grader's imports"),
    Case("package_named_worker", "the worker's own modules"),
    Case("code_for_every_start", "the start of Python: sitecustomize, .pth, conftest"),
    # --- texts
    Case("markup_in_errors", "the report, by an error's text", only=RUN),
    Case("markup_in_names", "the report, by names", only=RUN),
    Case("markup_in_documents", "the report, by an experiment's document", only=RUN),
    Case("endless_repr", "the report, by ten million characters", only=LAYERS),
    Case("endless_error", "the report, by the text of an error", only=RUN),
    Case("markup_in_readme", "the report, by the README", reads_only=True),
    # --- files
    Case("linked_results", "files outside: the results", make=makers.linked_results, reads_only=True),
    Case("linked_code", "files outside: the code", make=makers.linked_code),
    Case("hard_linked_secret", "files outside: a relative link, a device", make=makers.hard_linked_secret, reads_only=True),
    Case("linked_to_itself", "the walk through a submission", make=makers.linked_to_itself),
    Case("named_pipe", "the reading of a file that has no end", make=makers.named_pipe, reads_only=True),
    Case("image_bomb", "the reading of pictures", make=makers.image_bomb, reads_only=True),
    Case("deep_json", "the reading of results", make=makers.deep_json, reads_only=True),
    Case("giant_json", "the reading of results, by size", make=makers.giant_json, reads_only=True),
    Case("endless_number", "the reading of numbers", make=makers.endless_number, reads_only=True),
    Case("giant_notebook", "the reading of notebooks", make=makers.giant_notebook, reads_only=True),
    Case("pickled_files", "the reading of files, by pickles", make=makers.pickled_files, reads_only=True),
    Case("slow_readme", "the reading of prose", make=makers.slow_readme, reads_only=True),
    Case("nested_code", "the reading of code", make=makers.nested_code, reads_only=True),
    Case("deep_folders", "the walk through a submission", make=makers.deep_folders),
    Case("markup_in_file_names", "the report, by names of files", make=makers.markup_in_file_names, reads_only=True),
    Case("markup_in_the_title", "the report, by the submission's name", make=makers.markup_in_the_title, reads_only=True),
    Case("zip_slip", "files outside, by an archive", make=makers.zip_slip, reads_only=True),
    Case("zip_absolute", "files outside, by an archive", make=makers.zip_absolute, reads_only=True),
    Case("zip_link", "files outside, by an archive's link", make=makers.zip_link, reads_only=True),
    Case("zip_bomb", "the machine's disk, by an archive", make=makers.zip_bomb, reads_only=True),
    Case("zip_of_many", "the machine's file table, by an archive", make=makers.zip_of_many, reads_only=True),
    Case("zip_that_lies", "the reading of an archive", make=makers.zip_that_lies, reads_only=True),
)
