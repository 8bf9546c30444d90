import WALTasks
